//! Maps and sets that are made anew for each of thousands of companies. The standard library's hash a text in twice the time, since whoever
//! knows their keys must not be able to slow down a server that keeps one map for everybody; these have keys of one company.

/// A map.
pub type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// A set.
pub type HashSet<K> = std::collections::HashSet<K, foldhash::fast::RandomState>;
