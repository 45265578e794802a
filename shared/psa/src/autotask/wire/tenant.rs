//! What the API says of a tenant.

use serde::Deserialize;

/// Where a tenant is.
#[derive(Debug, Deserialize)]
pub(in crate::autotask) struct ZoneInformation {
    /// Optional, and only shown.
    #[serde(rename = "zoneName")]
    pub(in crate::autotask) zone_name: Option<String>,
    /// Required: the address of the zone.
    pub(in crate::autotask) url: String,
    /// Required: the number of the tenant, which it keeps when it moves to another zone.
    pub(in crate::autotask) ci: i64,
}

/// How much of the tenant's hourly limit is used. Looking at it is a courtesy: only numbers that say something count.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct ThresholdInformation {
    /// Optional, and no limit unless it is above 0.
    external_request_threshold: Option<i64>,
    /// Optional: minutes; an hour.
    request_threshold_timeframe: Option<i64>,
    /// Optional: none.
    current_timeframe_request_count: Option<i64>,
}

impl ThresholdInformation {
    /// Minutes to wait where more than nine tenths of the limit are used.
    pub(in crate::autotask) fn wait(&self) -> Option<u64> {
        let limit = self.external_request_threshold.filter(|limit| *limit > 0)?;
        let used = self.current_timeframe_request_count?;
        if used.saturating_mul(10) <= limit.saturating_mul(9) {
            return None;
        }
        let timeframe = self.request_threshold_timeframe.unwrap_or(60).clamp(0, 60);
        // The window rolls: after a quarter of it, a quarter of an even load is forgotten.
        Some(timeframe.unsigned_abs().div_euclid(4).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_say_so_are_a_limit_that_is_near() {
        for (json, wait) in [
            ("{}", None),
            (
                r#"{"externalRequestThreshold":null,"currentTimeframeRequestCount":null}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":10000,"currentTimeframeRequestCount":9000}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":10000,"currentTimeframeRequestCount":9001}"#,
                Some(15),
            ),
            (
                r#"{"externalRequestThreshold":10000,"currentTimeframeRequestCount":9001,"requestThresholdTimeframe":3}"#,
                Some(1),
            ),
            (
                r#"{"externalRequestThreshold":10,"currentTimeframeRequestCount":10,"requestThresholdTimeframe":-5}"#,
                Some(1),
            ),
            (
                r#"{"externalRequestThreshold":10,"currentTimeframeRequestCount":10,"requestThresholdTimeframe":2147483647}"#,
                Some(15),
            ),
            (r#"{"externalRequestThreshold":10000}"#, None),
            (r#"{"currentTimeframeRequestCount":9001}"#, None),
            (
                r#"{"externalRequestThreshold":-1,"currentTimeframeRequestCount":5}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":0,"currentTimeframeRequestCount":5}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":10000,"currentTimeframeRequestCount":-9001}"#,
                None,
            ),
            (
                r#"{"externalRequestThreshold":9223372036854775807,"currentTimeframeRequestCount":9223372036854775807}"#,
                None,
            ),
        ] {
            let threshold: ThresholdInformation = serde_json::from_str(json).unwrap();
            assert_eq!(threshold.wait(), wait, "{json}");
        }
    }
}
