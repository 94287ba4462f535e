//! Tables, as people see them on terminals of two widths.
use crate::program::{Home, PASSWORD, Ran, Server, keyfob, run};

fn deployment() -> (Server, Home) {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    for line in [
        vec!["users", "create", "-u", "amy", "-e", "amy@example.com", "-n", "Amy Pond", "-p", PASSWORD],
        vec!["resources", "create", "workspace:dev"],
        vec!["resources", "create", "template:base", "--attribute", "description=A base for others"],
        vec!["groups", "create", "builders", "--display-name", "All builders"],
        vec!["groups", "members", "add", "builders", "amy"],
        vec!["resources", "acl", "set", "workspace:dev", "--user", "amy=use", "--group", "builders=admin"],
        vec![
            "tokens",
            "create",
            "-n",
            "ci",
            "--scope",
            "workspace:read,template:read,workspace:ssh",
            "--allow",
            "workspace:dev,template:*",
            "--lifetime",
            "2d",
        ],
        vec!["tokens", "create", "-n", "old"],
        vec!["tokens", "remove", "old"],
    ] {
        let ran = home.run(&line);
        assert_eq!(ran.code, Some(0), "{line:?}: {}", ran.stderr);
    }
    (server, home)
}

/// The output on a terminal of this width, without what is different in every run.
fn on_terminal(home: &Home, line: &str, width: usize) -> String {
    let mut command = keyfob(home.path());
    command.args(line.split_whitespace()).arg("--force-tty").env("COLUMNS", width.to_string());
    let Ran { code, stdout, stderr } = run(&mut command, "");
    assert_eq!(code, Some(0), "{line}: {stderr}");
    let widest = stdout.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap_or_default();
    assert!(widest <= width, "{line}: a line of {widest}\n{stdout}");
    stdout
}

/// A text of the same length for each that is made up: ids, and times that depend on how long the test takes.
fn masked(text: &str) -> String {
    let is_id = |word: &str| {
        let is_key = word.len() == 10
            && word.chars().all(|c| c.is_ascii_alphanumeric())
            && word.chars().any(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        uuid_like(word) || is_key && !word.chars().all(|c| c.is_ascii_uppercase())
    };
    let mut shown = String::new();
    for line in text.lines() {
        let mut at = 0;
        for (start, word) in words(line) {
            shown += &line[at..start];
            shown += &if is_id(word) { "x".repeat(word.len()) } else { word.to_owned() };
            at = start + word.len();
        }
        shown += line[at..].trim_end();
        shown.push('\n');
    }
    shown
}

fn uuid_like(word: &str) -> bool {
    word.len() == 36 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

fn words(line: &str) -> Vec<(usize, &str)> {
    line.split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr().addr() - line.as_ptr().addr(), word))
        .collect()
}

/// Without columns of times that pass while the test runs.
const TABLES: [&str; 14] = [
    "tokens list --include-expired -c id,name,status,scopes,allow\u{a0}list,last\u{a0}used,owner",
    "tokens view ci -c id,name,status,scopes,allow\u{a0}list,last\u{a0}used,expires\u{a0}at,owner",
    "users list -c username,name,email,status,roles",
    "resources list -c type,name,owner,organization,attributes",
    "resources acl show workspace:dev",
    "organizations list",
    "organizations members list",
    "organizations roles show",
    "groups list",
    "groups show builders",
    "roles list",
    "roles show template-admin",
    "resource-types",
    "scopes workspace",
];

/// What a name holds may look like something else, or take over the terminal; for programs it is the same value.
#[test]
fn harmful_characters_of_a_name_reach_no_terminal() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let name = "Amy \u{202e}drow\u{200b}\u{9b}2J\u{ad}\u{2060}\u{206a}\u{e0041}";
    let is_harmful = |c: char| !c.is_ascii() && name.contains(c);
    let edits: [&[&str]; 2] = [
        &["users", "edit", "owner", "--full-name", name],
        &["organizations", "edit", "default", "--display-name", name],
    ];
    for line in edits {
        let Ran { code, stderr, .. } = home.run(line);
        assert_eq!(code, Some(1), "{line:?}: {stderr}");
        assert!(stderr.contains("control characters") && !stderr.contains(is_harmful), "{stderr}");
    }
    // Names that were given when these were not refused.
    let amy = ["users", "create", "-u", "amy", "-e", "amy@example.com", "-p", PASSWORD];
    assert_eq!(home.run(&amy).code, Some(0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = keyfob_testdb::TestDatabase::file_in(&server.data_dir());
    for (column, of) in [
        ("users SET name", "username = 'amy'"),
        ("organizations SET display_name", "is_default"),
        ("audit_records SET resource_target", "resource_target = 'amy' AND resource_type = 'user'"),
    ] {
        assert_eq!(runtime.block_on(database.tamper(&format!("UPDATE {column} = '{name}' WHERE {of}"))), 1);
    }
    let shows: [&[&str]; 7] = [
        &["audit", "export", "--search", "resource_type:user"],
        &["users", "list", "-c", "name"],
        &["users", "show", "amy"],
        &["users", "show", "amy", "-o", "json"],
        &["organizations", "list"],
        &["organizations", "show", "default"],
        &["organizations", "show", "default", "-o", "json"],
    ];
    for line in shows {
        let Ran { code, stdout, stderr } = home.run(line);
        assert_eq!(code, Some(0), "{line:?}: {stderr}");
        let harmful = stdout.chars().find(|c| is_harmful(*c));
        assert_eq!(harmful, None, "{line:?}: {stdout:?}");
        if line.contains(&"json") || line.contains(&"export") {
            let escaped = "Amy \\u202edrow\\u200b\\u009b2J\\u00ad\\u2060\\u206a\\udb40\\udc41";
            assert!(stdout.contains(escaped), "{stdout}");
            assert!(stdout.lines().all(|line| !line.contains(escaped) || is_same_value(line, name)), "{stdout}");
        } else {
            let escaped = "Amy \\u{202e}drow\\u{200b}\\u{9b}2J\\u{ad}\\u{2060}\\u{206a}\\u{e0041}";
            assert!(stdout.contains(escaped), "{line:?}: {stdout}");
        }
    }
}

/// Whether a text in JSON that begins like a name is the whole name.
fn is_same_value(line: &str, name: &str) -> bool {
    let start = line.find("\"Amy ").unwrap();
    let end = start + 1 + line[start + 1..].find('"').unwrap();
    serde_json::from_str::<String>(&line[start..=end]).unwrap() == name
}

#[test]
fn tables_fit_the_terminal() {
    let (_server, home) = deployment();
    for width in [80, 140] {
        let shown = TABLES.iter().map(|line| {
            let mut command = keyfob(home.path());
            let arguments: Vec<String> = line.split(' ').map(|word| word.replace('\u{a0}', " ")).collect();
            command.args(&arguments).arg("--force-tty").env("COLUMNS", width.to_string());
            let Ran { code, stdout, stderr } = run(&mut command, "");
            assert_eq!(code, Some(0), "{line}: {stderr}");
            let widest = stdout.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap_or_default();
            assert!(widest <= width, "{line}: a line of {widest}\n{stdout}");
            format!("$ keyfob {}\n{}", arguments.join(" "), masked(&stdout))
        });
        insta::assert_snapshot!(format!("tables-{width}"), shown.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn every_list_fits_a_narrow_terminal_by_default() {
    let (_server, home) = deployment();
    for width in [30, 50, 80, 140] {
        for line in [
            "tokens list",
            "tokens list --all",
            "users list",
            "resources list",
            "organizations list",
            "groups list",
            "roles list",
            "audit list",
            "sessions list",
            "authcheck --list",
            "scopes",
            "resource-types",
        ] {
            on_terminal(&home, line, width);
        }
    }
}

#[test]
fn times_are_relative_on_a_terminal_and_absolute_in_a_pipe() {
    let (_server, home) = deployment();
    let columns = ["tokens", "list", "-c", "expires at,last used", "--search", "ci"];
    let piped = home.run(&columns).stdout;
    let line = piped.lines().nth(1).unwrap();
    assert!(line.starts_with("20") && line.ends_with("Z  never"), "{piped}");
    let relative = home.run(&[&columns[..], &["--time", "relative"]].concat()).stdout;
    assert_eq!(relative, "EXPIRES AT  LAST USED\nin 2 days   never\n");
    let mut command = keyfob(home.path());
    let shown = run(command.args(columns).args(["--force-tty", "--time", "absolute"]).env("COLUMNS", "80"), "").stdout;
    assert_eq!(shown, piped);
}

#[test]
fn tokens_are_filtered_sorted_and_counted() {
    let (_server, home) = deployment();
    for (name, lifetime) in [("soon", "1h"), ("later", "5d")] {
        let create = ["tokens", "create", "-n", name, "--scope", "workspace:read", "--lifetime", lifetime];
        assert_eq!(home.run(&create).code, Some(0));
    }
    let names = |more: &[&str]| {
        let ran = home.run(&[&["tokens", "list", "-c", "name"], more].concat());
        assert_eq!(ran.code, Some(0), "{more:?}: {}", ran.stderr);
        ran.stdout.lines().skip(1).map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), ["ci", "soon", "later"], "in the order in which they were made");
    assert_eq!(names(&["--sort", "name"]), ["ci", "later", "soon"]);
    assert_eq!(names(&["--sort", "expiry"]), ["soon", "ci", "later"]);
    assert_eq!(names(&["--limit", "1"]), ["ci"]);
    assert_eq!(names(&["--search", "template:READ"]), ["ci"]);
    assert_eq!(names(&["--expiring-within", "2h"]), ["soon"]);
    assert_eq!(names(&["--unused-for", "0s"]), ["ci", "soon", "later"]);
    assert_eq!(names(&["--unused-for", "1d"]), Vec::<String>::new());
    assert_eq!(names(&["--user", "amy"]), Vec::<String>::new());
    assert_eq!(names(&["--include-expired", "--search", "old"]), ["old"]);
    assert_eq!(home.run(&["users", "list", "-o", "name"]).stdout, "amy\nowner\n");
}

/// Tables as they are without `--column`.
const DEFAULTS: [&str; 6] =
    ["audit list -l 100", "sessions list", "authcheck --list", "whoami -o table", "tokens list", "tokens list --all"];

/// The cells of each line, without what is different in every run: ids, addresses, times, and programs.
fn cells(text: &str) -> String {
    let cell = |cell: &str| {
        let is_time = cell.starts_with("20") && cell.ends_with('Z');
        let is_distance = cell == "just now" || cell.ends_with(" ago") || cell.starts_with("in ");
        match masked(cell).trim_end() {
            _ if is_time => "<time>".to_owned(),
            _ if is_distance => "<distance>".to_owned(),
            url if url.starts_with("http://") => "<url>".to_owned(),
            program if program.starts_with("keyfob-cli/") => "<program>".to_owned(),
            masked if masked.starts_with("xxxxxxxxxx") => "<id>".to_owned(),
            other => {
                other.split_inclusive([':', ' ']).map(|part| if uuid_like(part) { "<id>" } else { part }).collect()
            }
        }
    };
    let line = |line: &str| {
        let cells: Vec<String> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(cell).collect();
        cells.join(" | ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn tables_have_these_columns_where_none_are_chosen() {
    let (_server, home) = deployment();
    let mut shown = String::new();
    for line in DEFAULTS {
        let piped = home.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(piped.code, Some(0), "{line}: {}", piped.stderr);
        let on_terminal = on_terminal(&home, line, 200);
        let (piped, on_terminal) = (cells(&piped.stdout), cells(&on_terminal));
        if piped == on_terminal {
            shown += &format!("$ keyfob {line}  (in a pipe and on a terminal)\n{piped}\n\n");
        } else {
            shown += &format!("$ keyfob {line}  (in a pipe)\n{piped}\n\n");
            shown += &format!("$ keyfob {line}  (on a terminal)\n{on_terminal}\n\n");
        }
    }
    insta::assert_snapshot!("tables-default", shown);
}
