use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(html(text).trim_end(), expected);
}

#[test]
fn what_people_write_is_shown() {
    check(
        "# Fire\n\nRun *now*, **do not** ~~walk~~.",
        "<h1>Fire</h1>\n<p>Run <em>now</em>, <strong>do not</strong> <del>walk</del>.</p>",
    );
    check("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>");
    check(
        "[more](https://example.com/?a=1&b=2 \"say \\\"so\\\"\")",
        "<p><a href=\"https://example.com/?a=1&amp;b=2\" title=\"say &quot;so&quot;\" rel=\"noopener noreferrer\" target=\"_blank\">more</a></p>",
    );
    check(
        "<ada@example.com> [Ada](mailto:ada@example.com)",
        "<p>ada@example.com <a href=\"mailto:ada@example.com\" rel=\"noopener noreferrer\" target=\"_blank\">Ada</a></p>",
    );
    check("![a door](https://example.com/a.png)", "<p><img src=\"https://example.com/a.png\" alt=\"a door\" /></p>");
}

#[test]
fn html_is_shown_as_it_is_written() {
    check("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>");
    check("<script>\nalert(1)\n</script>", "<p>&lt;script&gt;\nalert(1)\n&lt;/script&gt;</p>");
}

#[test]
fn what_leads_elsewhere_than_to_the_web_is_text() {
    check("[x](javascript:alert(1))", "<p>x</p>");
    check("![x](data:text/html,y)", "<p>x</p>");
    check(
        "[![x](data:a)](https://example.com)",
        "<p><a href=\"https://example.com\" rel=\"noopener noreferrer\" target=\"_blank\">x</a></p>",
    );
}

/// What each is known for is in public lists of such texts; here as they would stand in Markdown.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<details open ontoggle=alert(1)>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version=\"1.0\"?><script>alert(1)</script>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](\u{1}javascript:alert(1))",
    "[x](  javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/x)",
    "[x](/play/1?launch=stolen)",
    "[x](https://a.example/\"onmouseover=\"alert(1))",
    "[x](<https://a.example/'\"><script>alert(1)</script>>)",
    "[x](https://a.example \"t\\\" onmouseover=\\\"alert(1)\")",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "[x]: https://a.example/\"><script>alert(1)</script>\n\n[x]",
    "<javascript:alert(1)>",
    "<https://a.example/\"onclick=alert(1)>",
    "![x](javascript:alert(1))",
    "![x\" onerror=\"alert(1)](https://a.example/x.png)",
    "![x](https://a.example/x.png \"t\" onerror=alert(1)\")",
    "![<img src=x onerror=alert(1)>](https://a.example/x.png)",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "```\"><script>alert(1)</script>\nx\n```",
    "```html onload=alert(1)\n<script>\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "# <img src=x onerror=alert(1)> { onclick=alert(1) }",
    "| <script> | b |\n|:--|--:|\n| <img src=x onerror=alert(1)> | [x](javascript:alert(1)) |",
    "> <script>alert(1)\n</script>",
    "- <div onclick=alert(1)>\n\n  x</div>",
    "<div\nonclick=alert(1)\n>\n\n*x*\n\n</div>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\u{0}<scr\u{0}ipt>alert(1)</scr\u{0}ipt>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "\\<script\\>alert(1)\\</script\\>",
    "[a](<b)c<script>alert(1)</script>",
    "<a <b> onclick=alert(1)>",
];

/// The tags and attributes that there are. What stands outside of them holds no `<`.
fn check_harmless(text: &str) {
    const TAGS: [&str; 26] = [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    let rendered = html(text);
    let mut rest = rendered.as_str();
    while let Some(at) = rest.find('<') {
        let (tag, after) =
            rest[at + 1..].split_once('>').unwrap_or_else(|| panic!("{text:?} leaves a tag open: {rendered:?}"));
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let (name, mut attributes) = tag.split_at(tag.find([' ', '/']).unwrap_or(tag.len()));
        assert!(TAGS.contains(&name), "{text:?} makes a tag {name:?}: {rendered:?}");
        loop {
            attributes = attributes.trim_start();
            if attributes.is_empty() || attributes == "/" {
                break;
            }
            let (name, value) = attributes.split_once("=\"").unwrap_or_else(|| panic!("{text:?}: {rendered:?}"));
            let (value, others) = value.split_once('"').unwrap_or_else(|| panic!("{text:?}: {rendered:?}"));
            let leads_to_the_web = is_of(value, &["https://", "http://", "mailto:"]);
            let fits = match name {
                "href" | "src" => leads_to_the_web,
                "style" => value.starts_with("text-align: ") && !value.contains(';'),
                "start" => value.bytes().all(|byte| byte.is_ascii_digit()),
                "alt" | "title" | "class" | "rel" | "target" => true,
                _ => false,
            };
            assert!(fits, "{text:?} makes {name}={value:?}: {rendered:?}");
            attributes = others;
        }
        rest = after;
    }
    assert!(!rest.contains('<'), "{text:?}: {rendered:?}");
}

#[test]
fn no_tag_and_no_attribute_is_the_authors() {
    for text in HOSTILE {
        check_harmless(text);
        for wrapped in [
            format!("*{text}*"),
            format!("> - {text}"),
            format!("[{text}](https://a.example)"),
            format!("{text}{text}"),
        ] {
            check_harmless(&wrapped);
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_harmless(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "\"", "'", "(", ")", "[", "]", "!", "`", "```", "\n", "\n\n", " ", "    ", "javascript:", "https://a", "onload=",
            "script", "img src=x", "&#60;", "&quot;", "\\", "#", "- ", "> ", "|", "|-|-|", "~~", "*", "a", "<!--", "-->", "]]>", "\u{0}",
        ]), 0..40)
    ) {
        check_harmless(&pieces.concat());
    }
}
