//! What the markers of phrases find, and what only looks like it, in both languages.

use super::testing::{check, check_in, german};
use super::{future::Future, help::Help, justify::Justify, lastsess::LastSession, phrase::PhraseMarker};
use super::{praise::Praise, quote::Quote, tag::Tag, task::Task};

#[test]
fn predictions() {
    check(
        &Future,
        &[
            "C: I'll probably end up yelling at him again.",
            "C: She'll be furious when she finds out.",
            "C: I would like some water.",
            "C: I will tell you what happened.",
            "C: He would have come.",
        ],
        &["0:self", "1:other"],
    );
    check_in(
        &german(),
        &Future,
        &[
            "C: Ich werde wahrscheinlich wieder schreien.",
            "C: Er wird bestimmt wütend sein.",
            "C: Ich würde gern ein Wasser trinken.",
        ],
        &["0:self", "1:other"],
    );
}

#[test]
fn seeking_help() {
    check(
        &Help,
        &[
            "C: What should I do about it?",
            "C: Do you think it's my fault?",
            "C: I really need help with this.",
            "C: I'm having a lot of trouble at work.",
            "C: I asked him what I should do.",
            "C: I don't think I need help.",
            "C: No problem.",
        ],
        &["0:advice", "1:opinion", "2:need", "3:problem"],
    );
    check_in(
        &german(),
        &Help,
        &[
            "C: Was soll ich denn jetzt machen?",
            "C: Finden Sie, dass ich übertreibe?",
            "C: Ich brauche da wirklich Hilfe.",
            "C: Ich habe so ein Problem mit meinem Chef.",
            "C: Das ist kein Problem.",
        ],
        &["0:advice", "1:opinion", "2:need", "3:problem"],
    );
}

#[test]
fn praise_is_told_from_its_negation_and_from_politeness() {
    check(
        &Praise,
        &[
            "C: You've really helped me.",
            "C: Therapy has really helped me.",
            "C: The breathing exercise was really helpful.",
            "C: My sister is so supportive.",
            "C: We have a good relationship.",
            "C: You haven't helped me.",
            "C: The exercise wasn't helpful.",
            "T: Thank you for coming.",
            "C: My boss is not nice.",
        ],
        &["0:partner", "1:therapy", "2:task", "3:other", "4:relationship"],
    );
    check_in(
        &german(),
        &Praise,
        &[
            "C: Sie haben mir wirklich sehr geholfen.",
            "C: Die Gespräche tun mir gut.",
            "C: Die Übung war sehr hilfreich.",
            "C: Meine Schwester ist so lieb.",
            "C: Wir haben ein gutes Verhältnis.",
            "C: Die Übung hat nicht geholfen.",
            "T: Danke.",
        ],
        &["0:partner", "1:therapy", "2:task", "3:other", "4:relationship"],
    );
}

#[test]
fn the_last_session_is_told_from_last_week() {
    check(
        &LastSession,
        &[
            "C: I thought about what we said in our last session.",
            "T: Last time we talked about your brother.",
            "C: Last week I went to the doctor.",
            "C: The last time I smoked was in May.",
        ],
        &["0:-", "1:-"],
    );
    check_in(
        &german(),
        &LastSession,
        &[
            "T: Das letzte Mal haben wir über Ihren Bruder gesprochen.",
            "C: In der letzten Stunde ging es mir besser.",
            "C: Letzte Woche war ich beim Arzt.",
        ],
        &["0:-", "1:-"],
    );
}

#[test]
fn tasks() {
    check(
        &Task,
        &[
            "T: Would you be willing to keep a diary?",
            "C: I didn't really understand what I was supposed to do.",
            "C: I tried to call him.",
            "T: Let's say he comes home.",
        ],
        &["0:proposal", "1:misunderstanding"],
    );
    check_in(
        &german(),
        &Task,
        &[
            "T: Wären Sie bereit, das bis zum nächsten Mal zu versuchen?",
            "C: Ich habe die Aufgabe nicht verstanden.",
            "C: Ich habe versucht, ihn anzurufen.",
        ],
        &["0:proposal", "1:misunderstanding"],
    );
}

#[test]
fn reported_speech() {
    check(
        &Quote,
        &[
            "C: And she said I was lazy, and I'm like, what do you want?",
            "C: You stupid liar. Get out.",
            "C: I can say that it was hard.",
            "T: You said that before.",
        ],
        &["0:marked", "1:unmarked"],
    );
    check_in(
        &german(),
        &Quote,
        &["C: Und dann sagte er, du bist faul.", "C: Lass mich in Ruhe.", "C: Ich würde sagen, es war schwer."],
        &["0:marked", "1:unmarked"],
    );
}

#[test]
fn tags_are_questions_at_the_end() {
    check(
        &Tag,
        &[
            "C: She should have called, don't you think?",
            "C: He never listens, you know? So I left.",
            "C: Is that right?",
            "C: I turned right.",
            "C: What do you see?",
            "C: Right?",
        ],
        &["0:final", "1:inside"],
    );
    check_in(
        &german(),
        &Tag,
        &[
            "C: Sie hätte anrufen müssen, nicht wahr?",
            "C: Er hört nie zu, verstehen Sie? Also bin ich gegangen.",
            "C: Warum denn nicht?",
        ],
        &["0:final", "1:inside"],
    );
}

#[test]
fn outside_causes() {
    check(
        &Justify,
        &[
            "C: It's because of my boss.",
            "C: I had no choice.",
            "C: I was late because I overslept.",
            "C: He made me laugh.",
        ],
        &["0:-", "1:-"],
    );
    check_in(
        &german(),
        &Justify,
        &[
            "C: Das liegt nur an meinem Chef.",
            "C: Ich hatte ja keine andere Wahl.",
            "C: Ich kam zu spät, weil ich verschlafen habe.",
        ],
        &["0:-", "1:-"],
    );
}

#[test]
fn german_wordings() {
    let check = |line: &str, kind: &str| {
        let events = super::testing::with_turns(&super::testing::turns(&[line]), &german(), |input| {
            super::Marker::find(&PhraseMarker, input, &super::testing::settings_of(&PhraseMarker)).unwrap()
        });
        assert!(events.iter().any(|event| event.kind.as_deref() == Some(kind)), "{line}: {events:?}");
    };
    check("C: Ich bin gerade so traurig.", "emotion_now");
    check("C: Das ist doch ganz normal.", "common");
    check("C: Ich muss mich einfach zusammenreißen.", "self_advice");
    check("C: Es bringt ja nichts, sich zu beschweren.", "pointless");
    check("C: Nein danke.", "decline");
    check("C: Was meinen Sie damit?", "repair");
    check("C: Und hat er angerufen? Natürlich nicht.", "self_answered");
    check("C: Ich habe einen Kloß im Hals.", "body_now");
    check("C: Sie war bestimmt auch verletzt.", "emotion_other");
    check("C: Vielleicht könnte ich ihn anrufen.", "option");
    check("C: Ich war traurig, als er ging.", "link");
    check("C: Mein Mann hat mich sofort in den Arm genommen.", "cared_for");
}

#[test]
fn german_wordings_of_sustain_talk() {
    let kinds = |line: &str| -> Vec<String> {
        let events = super::testing::with_turns(&super::testing::turns(&[line]), &german(), |input| {
            super::Marker::find(&PhraseMarker, input, &super::testing::settings_of(&PhraseMarker)).unwrap()
        });
        events.into_iter().filter_map(|event| event.kind).collect()
    };
    // What each kind means, and beside it what only looks like it.
    for (kind, hit, look_alike) in [
        ("sustain_desire", "C: Ich will das gar nicht.", "C: Ich will das wirklich ändern."),
        ("sustain_desire", "C: Ich rauche einfach gern.", "C: Er raucht im Garten."),
        ("sustain_ability", "C: Ich schaffe es einfach nicht.", "C: Ich schaffe das jetzt."),
        ("sustain_ability", "C: Ich habe es schon versucht.", "C: Ich werde es versuchen."),
        ("sustain_reason", "C: Das beruhigt mich.", "C: Das ängstigt mich."),
        ("sustain_reason", "C: Ich trinke doch nur am Wochenende.", "C: Ich trinke jeden Tag."),
        ("sustain_need", "C: Wozu soll ich denn aufhören?", "C: Ich soll aufhören, sagt der Arzt."),
        ("sustain_need", "C: Ich brauche mein Bier am Abend.", "C: Der Arzt braucht den Befund."),
        ("sustain_step", "C: Dazu bin ich noch nicht bereit.", "C: Dazu bin ich bereit."),
        ("sustain_step", "C: Dann habe ich wieder angefangen.", "C: Dann habe ich damit aufgehört."),
        ("pressed", "C: Meine Frau will, dass ich komme.", "C: Meine Frau kommt morgen."),
        ("pressed", "C: Die nerven mich ständig damit.", "C: Die kommen am Abend."),
        ("contrast", "C: Ja, aber das ist lange her.", "C: Das ist lange her."),
    ] {
        assert!(kinds(hit).iter().any(|found| found == kind), "{kind}: {hit}: {:?}", kinds(hit));
        assert!(!kinds(look_alike).iter().any(|found| found == kind), "{kind}: {look_alike}");
    }
}
