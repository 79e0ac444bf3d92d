//! Stretches below the candidates' mark, for the review time that is left.

use maud::{Markup, html};

use crate::episodes::Episode;
use crate::export::draw::{clock_span, n, plain};
use crate::export::picture::Picture;
use crate::export::settings::Settings;
use crate::export::timeline::anchor;

/// Nothing where there are none.
pub(super) fn section(picture: &Picture<'_>, settings: &Settings) -> Markup {
    let session = picture.session;
    if session.further.is_empty() {
        return html! {};
    }
    let mut order: Vec<&Episode> = session.further.iter().collect();
    order.sort_by_key(|episode| episode.rank);
    html! {
        h2 #further { "If there is time left" }
        section.card {
            p {
                "No candidates: something speaks for these stretches, but too little to list them above. They fill the "
                "review time that the candidates leave, best first."
            }
            div.wide {
                table.data {
                    thead { tr { th { "Watch" } th { "What was measured" } th { "What speaks against it" } th.num { "s of review" } } }
                    tbody {
                        @for episode in order {
                            tr id=(episode.id) {
                                td { a href=(anchor(session.span, settings, episode.span.start())) { (clock_span(episode.clip)) } }
                                td dir="auto" { (plain(&episode.sentence)) }
                                td dir="auto" {
                                    (episode.evidence_against.iter().map(|one| plain(&one.sentence)).collect::<Vec<_>>().join("; "))
                                }
                                td.num { (n(episode.review_secs.round())) }
                            }
                        }
                    }
                }
            }
        }
    }
}
