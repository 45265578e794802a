//! Names from a PSA that try to be more than text (R92).

/// What hostile markup would do if it were markup.
const SHAPES: [&str; 20] = [
    "<script>window.hit={}</script>",
    "<img src=x onerror=window.hit={}>",
    "\"><svg onload=window.hit={}>",
    "'><b id={}>",
    "</title><script>window.hit={}</script>",
    "{{ {} }}",
    "{% if {} %}",
    "javascript:window.hit={}",
    "&lt;script&gt;window.hit={}&lt;/script&gt;",
    "<!-- {} -->",
    "</form><form action=//evil/{}>",
    "<iframe src=//evil/{}></iframe>",
    "<a href=//evil/{}>x</a>",
    "\" autofocus onfocus=window.hit={} x=\"",
    "<style>*{display:none}</style>{}",
    "<base href=//evil/{}>",
    "<meta http-equiv=refresh content=0;url=//evil/{}>",
    "]]>{}<![CDATA[",
    "<math><mi id={}>",
    "${window.hit={}}",
];

/// 200 such names, all different.
pub fn names() -> Vec<String> {
    let round = |round: usize| {
        SHAPES
            .iter()
            .map(move |shape| shape.replacen("{}", &format!("7{round}"), 1))
    };
    (0..10).flat_map(round).collect()
}
