//! The ids ConnectWise gives to what the neutral MSP numbers.

/// A company's id, by its number. The MSP's own company is the one every tenant is set up with.
pub fn company(number: u32) -> i64 {
    if number == 1 {
        OWN_COMPANY
    } else {
        19_300 + i64::from(number)
    }
}

/// The MSP's own company.
pub const OWN_COMPANY: i64 = 2;

/// Extra companies that were deleted; below the others, as they are older.
pub const DELETED_COMPANIES: i64 = 18_000;

/// A contact's id, by its number.
pub fn contact(number: u32) -> i64 {
    3_000 + i64::from(number)
}

/// The id of a communication item: each contact has room for eight.
pub fn item(contact: u32, place: u32) -> i64 {
    90_000 + i64::from(contact) * 8 + i64::from(place)
}

/// New items get ids from here on, beyond those of the largest MSP.
pub const FIRST_NEW_ITEM: i64 = 10_000_000;

/// A stable GUID for a record of this kind.
pub fn guid(kind: u16, id: i64) -> String {
    let mixed = id.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (high, middle, low) = (mixed >> 32, (mixed >> 20) & 0xfff, mixed & 0xfff);
    format!("{high:08x}-{kind:04x}-4{middle:03x}-8{low:03x}-{id:012x}")
}
