use super::{advice_on_syntax_error, line_read_differently};

fn line(text: &str) -> Option<u32> {
    line_read_differently(text)
}

#[test]
fn an_apostrophe_in_a_quoted_expansion_is_found_at_its_line() {
    for (text, expected) in [
        ("echo \"${x:-it's}\"", 1),
        ("echo \"${x-it's}\"", 1),
        ("echo \"${x:=it's}\"", 1),
        ("echo \"${x=it's}\"", 1),
        (": \"${x:?isn't set}\"", 1),
        (": \"${x?isn't set}\"", 1),
        ("echo \"${x:+it's}\"", 1),
        ("echo \"${x+it's}\"", 1),
        ("a\n\necho \"${1:-it's}\"", 3),
        ("echo \"${a[0]:-it's}\" \"${@:-it's}\"", 1),
        ("echo \"${!x:-it's}\"", 1),
        // Ordinary Bash takes what is between the two expansions for one quoted string.
        ("h() { echo \"${x:-it's}\"\n echo \"${y:-don't}\"; }", 1),
        ("echo \"${x:-'}'}\"", 1),
        ("echo \"${x:-'\"'}\"", 1),
        ("cat <<E\nit's me\n<p>${x:-we don't}</p>\nE\n", 3),
        ("cat <<-E\n\t${x:-don't}\n\tE\n", 2),
        ("cat <<A <<'B'\n${x:-don't}\nA\n${y:-don't}\nB\n", 2),
        ("echo ${x:-\"${y:-it's}\"}", 1),
        ("echo \"${x:-${y:-it's}}\"", 1),
        ("echo \"${x#\"${y:-it's}\"}\"", 1),
        ("x=$(echo \"${x:-it's}\")", 1),
        ("x=`echo \"${x:-it's}\"`", 1),
        ("x=\"`echo \\\"${x:-it's}\\\"`\"", 1),
        ("case a in (b) ;; a) x=$(case c in c) echo \"${x:-it's}\" ;; esac) ;; esac", 1),
        ("# it's\necho \"${x:-it's}\"", 2),
        ("echo $((1 << 2)) $(((3) << 4))\necho \"${x:-it's}\"", 2),
        ("((x <<= 1))\necho 'it is' $'it\\'s' \"it's\" it\\'s\n: \"${x:?isn't}\"", 3),
    ] {
        assert_eq!(line(text), Some(expected), "{text}");
    }
}

#[test]
fn an_expansion_that_both_modes_read_alike_is_not_found() {
    for text in [
        "echo \"${x:-'a b'}\" \"${y:-''}\" \"${z:-it's what it's}\"",
        "cat <<E\n${x:-'a b'} it's ${y}\nE\n",
        "echo \"${x:-\\'}\" \"${x:-it\\'s}\"",
        "echo ${x:-it\\'s} ${x:-'it is'} ${x:-'}'}",
        "echo \"${x#'}'}\" \"${x%%'\"'*}\" \"${x/\\'/'}'}\" \"${x^^'}'}\"",
        "json=${1//'\"'/'\\\"'}; a \"${x%'}'*} it's\"",
        "echo \"it's ${x:-fine}\" ${#x} \"${#x[@]}\" \"$#\" it\\'s",
        "echo \"${x:-\"it's\"}\"",
        "echo \"${x:-$'\\n'}\"",
        "echo \"${x:-$(echo 'a}b')}\" \"${x:-`echo 'a}b'`}\"",
        "cat <<'E'\n${x:-it's}\nE\ncat <<\\E\n${x:-it's}\nE\n",
        "# \"${x:-it's}\"\necho '\"${x:-'; : '}\"'",
        "trap 'echo \"$x\"' EXIT; echo \"it's\"",
        "x=${y:-it\\'s}; [[ $x == \"it's\" ]]",
    ] {
        assert_eq!(line(text), None, "{text}");
    }
}

#[test]
fn every_text_comes_to_an_end() {
    let parts = [
        "`", "(", ")", "\"", "'", "$(", "${", "$((", "<(", "<<E", "[[", "case", "in", ";;", "x=(", "\\", "#", "\n",
        "a", "{", "}", "${x:-", "$'", "esac", "if", "then", "fi", "for", "do", "done", "else", "]]", "if[", "def ",
        "ü",
    ];
    let messages = [
        "syntax error near unexpected token `}'",
        "syntax error near unexpected token `ü'",
        "syntax error in conditional expression",
        "unexpected EOF while looking for matching `''",
        "unexpected EOF while looking for matching `\"'",
        "syntax error: unexpected end of file",
    ];
    let mut number = 1_u32;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(parts[(number >> 16) as usize % parts.len()]);
            text.push_str(if number & 0x8000 == 0 { " " } else { "" });
        }
        line(&text);
        let message = messages[number as usize % messages.len()];
        advice_on_syntax_error(&text, number >> 8 & 7, message);
    }
    for part in ["$((", "\"${x:-", "$(", "`\\`", "\"${x:-'", "(("] {
        line(&part.repeat(3000));
        advice_on_syntax_error(&part.repeat(3000), 1, messages[5]);
    }
}
