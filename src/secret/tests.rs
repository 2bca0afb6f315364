use super::*;

/// A text, and the same with every secret between « and ».
fn check(marked: &str) {
    let text = marked.replace(['«', '»'], "");
    let mut expected = String::new();
    for (at, part) in marked.split('«').enumerate() {
        match part.split_once('»') {
            Some((_, rest)) if at > 0 => expected += &format!("{MASK}{rest}"),
            _ => expected += part,
        }
    }
    assert_eq!(masked(&text), expected, "{text}");
    assert_eq!(masked(&expected), expected, "masked again");
    let mut lines = Lines::default();
    let by_line: Vec<_> = text.split('\n').map(|line| lines.mask(line).into_owned()).collect();
    assert_eq!(by_line.join("\n"), expected, "line by line");
}

const JWT: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-DEF_123";

#[test]
fn secrets_are_masked_in_the_forms_of_every_writer() {
    for marked in [
        // JSON, also within a string of JSON, and Python.
        r#"{"password": "«hunter2»", "user": "root"}"#,
        r#"{"password":"«hun\"ter2»","user":"root"}"#,
        r#"msg: "{\"client_secret\": \"«hunter2»\", \"user\": \"x\"}""#,
        r#""{\\\"api_key\\\": \\\"«hunter2»\\\", \\\"user\\\": 1}""#,
        "{'password': '«hunter2»', 'user': 'root'}",
        "{u'password': u'«hunter2»', u'user': u'root'}",
        "invocation: {'module_args': {'api_key': '«hunter2»', 'url': 'https://api/x'}}",
        r#""tokens": [«"abc123", "def456"»], "x": 1"#,
        r#"{"name": "DB_PASSWORD", "value": "«hunter2»"}"#,
        "Login(user='root', password='«hunter2»')",
        // YAML.
        "password: «hunter2»",
        "  - api_key: «my secret words» # from the vault",
        "vcs: {user: admin, password: «hunter 2», port: 1}",
        "ansible_ssh_pass: «hunter2»",
        "root_password_hash: «$6$rounds=5000$salt$abcdefghijkl»",
        "aws_secret_access_key: «/abcd1234+fghij/klmnop»",
        "password: !unsafe «hunter2»",
        "token: |\n  «abc»\n  «def»\n\nname: x",
        "secret: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n    «3061626364»\n    «6566»\nname: x",
        // Shell, URLs, logs.
        "export AWS_SECRET_ACCESS_KEY=«abc/def+123»",
        "AWS_ACCESS_KEY_ID=«AKIAIOSFODNN7EXAMPLE»",
        "cray auth login --username root --password «hunter2»",
        "tool --token=«abc» --verbose",
        "curl -s -u admin:«hunter2» https://api/x",
        "sshpass -p «hunter2» ssh root@x",
        "GET https://api/x?token=«abc»&page=2",
        "GET https://api/x?page=2&access_token=«abc» 200",
        "clone_url: https://crayvcs:«p@ss:w0rd»@vcs.cmn/vcs/cray/cos.git",
        "git clone https://«ghp_abcdefghijklmnopqrst0123»@github.com/x/y",
        "login failed: password: «hunter2»",
        "X-Auth-Token: «abc123»",
        "Authorization: Bearer «abc123def»",
        "Authorization: Basic «cm9vdDpodW50ZXIy»",
        "{'Authorization': 'Bearer «abc def»', 'Accept': 'x'}",
        r#"headers: {"Authorization": "«abc123»"}"#,
        "sent bearer «abcdef0123»",
        "Set-Cookie: «session=abc; Path=/»",
        "$6$salt is cut, «$6$saltsaltsalt$hash» is not",
    ] {
        check(marked);
    }
    check(&format!("got «{JWT}» from keycloak"));
    check(&format!("{{\"access_token\":\"«{JWT}»\",\"expires_in\":1}}"));
    check(&format!("token=«{}»", &JWT[..40]));
}

#[test]
fn private_keys_are_masked_across_lines() {
    let lines = ["MIIEpAIBAAKCAQEA7yn3bRHQ", "Qw=="];
    check(&format!(
        "a\n«-----BEGIN RSA PRIVATE KEY-----»\n«{}»\n«{}»\n«-----END RSA PRIVATE KEY-----»\nz",
        lines[0], lines[1]
    ));
    check(
        &format!("key: «-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n»", lines[0])
            .replace("\\n»", "»\\n"),
    );
    check(&format!(
        "10:00 ERR | «-----BEGIN OPENSSH PRIVATE KEY-----»\n10:00 ERR | «{}»\n10:01 INFO | another pod is completed\n10:00 ERR | «{}»\n«10:00 ERR | -----END OPENSSH PRIVATE KEY-----»\n10:02 ERR | done",
        lines[0], lines[1]
    ));
    check(&format!("«-----BEGIN PRIVATE KEY-----⏎{}⏎-----END PRIVATE KEY-----»⏎next", lines[0]));
    check("«-----BEGIN PRIVATE KEY----- that is cut»");
    check(
        "-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA7yn3bRHQ\n-----END CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----\nMIIE",
    );
}

#[test]
fn a_key_whose_head_is_out_of_sight_is_masked_in_a_part() {
    let line = "MIIEpAIBAAKCAQEA7yn3bRHQMIIEpAIBAAKCAQEA7yn3bRHQMIIEpAIBAAKCAQEA";
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    assert_eq!(
        masked_part(&format!("{line}\nsha256:{digest}\n{digest}")),
        format!("{MASK}\nsha256:{digest}\n{digest}")
    );
}

#[test]
fn a_sentence_about_a_failure_keeps_its_reason_and_not_the_secret_in_it() {
    for (text, expected) in [
        ("failed to log in with password: hunter2 as admin", "failed to log in with password: [masked] as admin"),
        ("invalid token: 9f86d081884c7d65", "invalid token: [masked]"),
        ("invalid token: abcdefghijklmnopqrstuvwxyz", "invalid token: [masked]"),
        ("invalid password: correct-horse", "invalid password: [masked]"),
        ("invalid token: cos-9f86d081-23.7", "invalid token: [masked]"),
        ("cannot use token: hvs.CAESIJ for vault", "cannot use token: [masked] for vault"),
        ("the new password: swordfish for all", "the new password: [masked] for all"),
        ("error: token: swordfish now", "error: token: [masked] now"),
        ("failed with {token: connection, realm: refused}", "failed with {token: [masked], realm: refused}"),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn a_password_of_a_plain_word_in_a_sentence_is_masked_and_a_reason_is_not() {
    for text in [
        "login failed, password: «swordfish» for user admin",
        "login failed with password: «swordfish» for user admin",
        "could not log in with the password: «swordfish» as admin",
        "invalid password: «letmein» was given by admin",
        "rejected passphrase: «opensesame» of key id_rsa",
        "ERROR: failed to use passwd: «hunter» in attempt",
        "denied user admin with password: «swordfish», try again",
        "Authentication failed for admin password: «winter» at node",
    ] {
        check(text);
    }
    for text in [
        "passphrase: «new horse battery staple»",
        "  - password: «the quick brown fox»  # of 2024",
        "  admin_passwd: «no more winters»",
    ] {
        check(text);
    }
    for text in [
        "password: must not be empty",
        "password: is required",
        "  passphrase: does not match",
        "password: get_password(realm, user)",
        "invalid password: must not be empty",
        "invalid password: too short",
        "invalid password: at least eight characters",
        "failed to read password: permission denied",
        "failed to change the password: connection refused by host",
        "failed to set password: user not known",
        "cannot read passphrase: file not readable",
        "failed to get password: HTTP timeout",
        "failed to read passwd: Module is unknown",
        "token: expired for user x",
        "failed with token: expired for user x",
        "unexpected token: end of print statement",
        "failed to fetch the secret: vault is sealed",
    ] {
        check(text);
    }
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "password: \"{{ vault_password }}\"",
        "password: {{ vault_password }}",
        "password:",
        "password: \"\"",
        "password: null",
        "password: ~",
        "token: ${TOKEN}",
        "curl -H \"Authorization: Bearer ${TOKEN}\" https://x",
        "Authorization: Bearer $TOKEN",
        "--password \"$PASSWORD\"",
        "The token expired, and the secret is not there: ask for a new password",
        "Bearer token is invalid",
        "Basic authentication failed",
        "invalid token: expired",
        "ERROR: token: not found",
        "authorization: required",
        "Error: secret \"cray-token-abcde\" not found",
        "secretName: cray-token-abcde",
        "failed to get token: connection refused",
        "ERROR: Failed to refresh token: HTTP timeout. Is the gateway up?",
        "2024-02-01T09:00:00Z ERR  could not read the secret: permission denied",
        "passwd: could not change the password: Authentication token manipulation error",
        "invalid token: cos-config-23.7",
        "jinja2.exceptions.TemplateSyntaxError: unexpected token: end of print statement",
        "token_type: bearer",
        "token_url: https://api/keycloak/token",
        "password_file: /etc/secret/x",
        "password: /etc/secret/file",
        "max_tokens: 4096",
        "TASK [cray.secret : Fetch the password] ****",
        "    token = get_token(realm)",
        "    return Client(token=self.token, secret=None)",
        "when: token == \"\"",
        "image: artifactory/cray-secret-init:1.2.3",
        "secretary: me",
        "passwordless: true",
        "INFO: Creation of image x succeeded: ID 0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0",
        "s3://boot-images/0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0/manifest.json",
        "LOG FILE FOR sat-bootprep-run: argo/demo-ab1cd-x2k4z/demo-ab1cd-prepare-1234567890/main.log",
        "https://vcs.cmn/vcs/cray/cos-config-management.git",
        "https://api:8080/x@y?z=a@b",
        "ssh://git@vcs.cmn/cray/x.git",
        "https://{{ user }}:{{ password }}@vcs/x",
        "https://{{user}}:{{password}}@vcs/x",
        "commit 5d41402abc4b2a76b9719d911017c592 sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "session incfg-1a2b3c4d-l3 of cos-config-24.11",
        "PWD=/root/site/x",
        "password: ********",
        "password: VALUE_SPECIFIED_IN_NO_LOG_PARAMETER",
        "costs $5 and $6",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn a_cut_out_of_a_line_has_no_part_of_a_secret() {
    let line = "  clone: https://a:hunter2@b/x";
    let found = spans(line);
    for (range, expected) in [
        (2..7, ("  ", "clone", ": https://a:[masked]@b/x")),
        (9..30, ("  clone: ", "https://a:[masked]@b/x", "")),
        (21..23, ("  clone: https://a:", "[masked]", "@b/x")),
        (9..21, ("  clone: ", "https://a:[masked]", "@b/x")),
        (27..99, ("  clone: https://a:[masked]@", "b/x", "")),
    ] {
        let (before, marked, after) = around(line, range.clone(), &found);
        assert_eq!((before.as_str(), marked.as_str(), after.as_str()), expected, "{range:?}");
    }
}

#[test]
fn a_long_line_of_names_takes_no_longer_than_its_length() {
    for part in [
        "token=",
        "token: is ",
        "{token: f( ",
        "token_",
        "-----BEGIN PRIVATE KEY-----",
        "{{",
        "eyJ",
        "a://b:",
        "token='{{",
        "$6$",
        "passw\\\"",
        "Authorization: ",
    ] {
        let text = part.repeat((1 << 18) / part.len());
        assert!(masked(&text).len() <= text.len() * 2);
    }
}

#[test]
fn the_end_of_a_private_key_is_looked_for_in_as_many_lines_as_no_key_has() {
    let line = "MIIEpAIBAAKCAQEA7yn3bRHQ\n";
    for (lines, shown) in [(limits::KEY_LINES + 1, 0), (limits::KEY_LINES + 2, 1)] {
        let key = format!("-----BEGIN PRIVATE KEY-----\n{}end", line.repeat(lines));
        assert_eq!(masked(&key).matches(line).count(), shown, "{lines}");
    }
}

#[test]
fn a_line_longer_than_is_copied_as_one_is_copied_whole_and_masked_in_its_parts() {
    let head = "x".repeat(usize::try_from(limits::COPIED_BYTES).unwrap());
    for more in ["", " password=hunter2 y"] {
        let line = format!("{head}{more}\nnext\n");
        let mut copied = Vec::new();
        assert_eq!(copy(&mut line.as_bytes(), &mut copied).unwrap(), line.len() as u64);
        assert!(copied == line.replace("hunter2", MASK).into_bytes(), "{more}");
    }
}

proptest::proptest! {
    #[test]
    fn to_mask_again_changes_nothing(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "token", "password", ": ", "=", "\"", "'", "\\", "{", "}", "[", "]", " ", "\n", "  ", "-", "|", ">", "hunter2",
                "eyJhbGciOiJSUzI1NiIsInR5", "https://a:b@c", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
                "[masked]", "Authorization", "Bearer ", "abc123def", "$6$abcdefghijk", "$ANSIBLE_VAULT;1", "616263646566", "{{ x }}",
                ",", "&", "#", "u", "!", "é", "⏎", "--", "Cookie: ", "curl -u a:b", ".",
            ]),
            0..30,
        )
    ) {
        let text = parts.concat();
        let once = masked(&text).into_owned();
        proptest::prop_assert_eq!(&masked(&once), &once);
        proptest::prop_assert_eq!(once.matches('\n').count(), text.matches('\n').count());
        let kept = |text: &str| text.contains("hunter2") && text.contains("password: \"hunter2\"");
        proptest::prop_assert!(!kept(&once));
    }
}
