//! Rows of a snapshot are stored alike, however they come.

use store::rows::Row;
use store::snapshot::Complete;

use crate::fill::{Fill, checkpoint};

use crate::wire::{Wire, import, lease, now};

/// More than wait for the next chunks, and no whole number of chunks.
const ROWS: usize = 1_503;

/// The items that are written for rows that come so many at a time, by their keys.
async fn stored(at_a_time: usize) -> Vec<(String, String)> {
    let wire = Wire::willing();
    let tenant = wire.tenant();
    let lease = lease(&tenant).await;
    let mut draft = tenant.draft(&lease, &import(), now()).await.unwrap().unwrap();
    let mut fill = Fill::new(1, 5);
    let mut rows: Vec<Row> = (0..ROWS).map(|number| Row::new(fill.row(number, 0).0)).collect();
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    for rows in rows.chunks(at_a_time) {
        draft.add_rows(rows.to_vec()).unwrap();
        let written = tenant.write_lists(&lease, &import(), &mut draft, now).await;
        assert!(written.unwrap().committed());
    }
    let snapshot = Complete {
        policy: None,
        more: Vec::new(),
    };
    let completed = tenant
        .complete_snapshot(&lease, &import(), &mut draft, snapshot, &checkpoint(), now)
        .await;
    assert!(completed.unwrap().committed());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let puts = wire.calls("PutItem").into_iter();
    let mut items: Vec<(String, String)> = puts
        .map(|put| (text(&put["Item"]["sk"]["S"]), text(&put["Item"]["data"]["B"])))
        .collect();
    items.sort();
    items
}

#[tokio::test]
async fn r75_rows_that_come_in_parts_are_stored_as_if_at_once() {
    let at_once = stored(ROWS).await;
    assert_eq!(at_once.len(), ROWS.div_ceil(7));
    for part in [1, 5, 7, 250, 701] {
        assert_eq!(stored(part).await, at_once, "{part} at a time");
    }
}
