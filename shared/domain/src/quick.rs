//! Maps and sets that are built for each of thousands of companies. The standard library's hasher takes twice the time, to protect a
//! server whose map holds keys of many clients from chosen collisions. Each of these maps holds keys of one company only.

/// A map.
pub type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// A set.
pub type HashSet<K> = std::collections::HashSet<K, foldhash::fast::RandomState>;
