//! Time series for ELAN: a table of seconds and how its columns are drawn, as ELAN writes it (`_tsconf.xml`).

use std::collections::BTreeMap;

use super::elan::{DATE, names};
use super::table::{Cell, Table};
use super::timeline::column_name;
use super::xml::Xml;
use super::{Material, Settings};
use crate::export::number::plain;

/// The time series that ELAN draws: seconds from the document's zero, and a column for each line. `None` where there is
/// nothing to draw.
pub(super) fn series(material: &Material, timeline: &Table, settings: &Settings) -> Option<(String, String)> {
    let wanted: BTreeMap<usize, (&super::settings::Series, &str)> = timeline
        .columns
        .iter()
        .enumerate()
        .filter_map(|(index, column)| {
            let is = |series: &&super::settings::Series| {
                column.name.ends_with(&column_name("", &series.track, &series.column))
            };
            settings.elan_series.iter().find(is).map(|series| (index, (series, column.unit.as_str())))
        })
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let mut csv = String::from("time_s");
    for index in wanted.keys() {
        csv += &format!(",{}", timeline.columns[*index].name);
    }
    csv.push('\n');
    let shift = -(material.session.span.start().secs_f64().min(0.0));
    for row in &timeline.rows {
        let Some(Cell::Whole(second)) = row.get(1) else { continue };
        // Each value stands in the middle of its second.
        csv += &format!("{:.3}", *second as f64 + 0.5 + shift);
        for index in wanted.keys() {
            match row.get(*index) {
                Some(Cell::Number(number)) => csv += &format!(",{}", plain(*number)),
                _ => csv.push(','),
            }
        }
        csv.push('\n');
    }
    let [_, name, _] = names(&material.about.id);
    let mut xml = Xml::new();
    xml.open("timeseries", &[("date", DATE), ("version", "1.0")]);
    xml.open(
        "tracksource",
        &[("sample-type", "Continuous Rate"), ("source-url", &format!("./{name}")), ("time-column", "0")],
    );
    xml.leaf(
        "property",
        &[("key", "provider"), ("value", "mpi.eudico.client.annotator.timeseries.csv.CSVServiceProvider")],
    );
    for (column, (index, (series, unit))) in wanted.iter().enumerate() {
        xml.open("track", &[("derivative", "0"), ("name", &timeline.columns[*index].name)]);
        xml.leaf("property", &[("key", "detect-range"), ("value", "false")]);
        xml.open("sample-position", &[]);
        xml.leaf("pos", &[("col", &(column + 1).to_string()), ("row", "0")]);
        xml.close();
        xml.leaf("description", &[]);
        xml.text("units", &[], unit);
        xml.leaf("range", &[("max", &series.to.to_string()), ("min", &series.from.to_string())]);
        // ELAN's own order of colours is not part of the file; these differ for the eyes of most.
        xml.text("color", &[], ["0,114,178", "213,94,0", "0,158,115", "204,121,167", "86,180,233"][column % 5]);
        xml.close();
    }
    Some((csv, xml.finish()))
}
