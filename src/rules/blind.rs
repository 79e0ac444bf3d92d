//! What a rule cannot see: "not measured" is not "not there".

use std::collections::{BTreeMap, BTreeSet};

use super::language::{Pattern, Rule};

impl Rule {
    /// Why the rule cannot look, or need not, when the markers in `blind` could not look; `None` if it can look.
    /// `lost` = codes none of whose rules can look, with the markers they lack.
    ///
    /// The answer holds the markers that are lacking; it is empty if the rule only stands in for one that can look.
    /// A rule with a refusal that cannot be checked does look, unless `blind_if_missing` says otherwise.
    pub fn cannot_look(
        &self,
        blind: &BTreeSet<String>,
        lost: &BTreeMap<&str, BTreeSet<String>>,
    ) -> Option<BTreeSet<String>> {
        if !self.only_if_blind.iter().all(|marker| blind.contains(marker)) {
            return Some(BTreeSet::new());
        }
        let mut parts: Vec<BTreeSet<String>> = Vec::new();
        let must: BTreeSet<String> = self.blind_if_missing.iter().filter(|m| blind.contains(*m)).cloned().collect();
        if !must.is_empty() {
            parts.push(must);
        }
        parts.extend(self.sequence.iter().filter_map(|step| step.lacking(blind, lost)));
        parts.into_iter().reduce(|one, other| one.union(&other).cloned().collect())
    }
}

impl Pattern {
    /// The markers for lack of which nothing can fit this pattern; `None` if something still can.
    fn lacking(&self, blind: &BTreeSet<String>, lost: &BTreeMap<&str, BTreeSet<String>>) -> Option<BTreeSet<String>> {
        if let Some(marker) = &self.marker {
            return blind.contains(marker).then(|| BTreeSet::from([marker.clone()]));
        }
        if let Some(code) = &self.code {
            return lost.get(code.as_str()).cloned();
        }
        let lacking =
            |parts: &[Self]| -> Vec<_> { parts.iter().filter_map(|part| part.lacking(blind, lost)).collect() };
        let (any, all) = (lacking(&self.any), lacking(&self.all));
        let nothing_left = !any.is_empty() && any.len() == self.any.len();
        (nothing_left || !all.is_empty()).then(|| any.into_iter().chain(all).flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "
        id = 'r'
        version = 1
        blind_if_missing = ['txt.meta']
        sequence = [
          { name = 'face', any = [{ marker = 'vid.pout' }, { all = [{ marker = 'vid.brow' }, { marker = 'vid.press' }] }] },
          { code = 'rs03', within_secs = 1 },
        ]
        without = [{ marker = 'aud.laugh', overlaps = { step = 'face' } }]";

    /// With these markers blind the rule lacks these (`None`: it can look).
    fn check(blind: &[&str], expect: Option<&[&str]>) {
        let rule: Rule = toml::from_str(RULE).unwrap();
        let blind = blind.iter().map(|&marker| marker.to_owned()).collect();
        let lacking = rule.cannot_look(&blind, &BTreeMap::new());
        let expect = expect.map(|markers| markers.iter().map(|&marker| marker.to_owned()).collect());
        assert_eq!(lacking, expect, "{blind:?}");
    }

    #[test]
    fn one_alternative_is_enough() {
        check(&[], None);
        check(&["vid.pout"], None);
        check(&["vid.brow"], None);
        check(&["vid.pout", "vid.press"], Some(&["vid.pout", "vid.press"]));
    }

    #[test]
    fn a_refusal_that_cannot_be_checked_stops_only_where_the_rule_says_so() {
        check(&["aud.laugh"], None);
        check(&["txt.meta"], Some(&["txt.meta"]));
    }

    #[test]
    fn a_code_that_cannot_be_seen_takes_its_readers_along() {
        let rule: Rule = toml::from_str(RULE).unwrap();
        let lost = BTreeMap::from([("rs03", BTreeSet::from(["txt.prompt".to_owned()]))]);
        assert_eq!(rule.cannot_look(&BTreeSet::new(), &lost), Some(BTreeSet::from(["txt.prompt".to_owned()])));
    }

    #[test]
    fn a_stand_in_looks_only_in_need() {
        let mut rule: Rule = toml::from_str(RULE).unwrap();
        rule.only_if_blind = vec!["txt.prompt".into()];
        assert_eq!(rule.cannot_look(&BTreeSet::new(), &BTreeMap::new()), Some(BTreeSet::new()));
        assert_eq!(rule.cannot_look(&BTreeSet::from(["txt.prompt".to_owned()]), &BTreeMap::new()), None);
    }
}
