//! Secrets to plant in inputs, and to look for in what comes out.

/// Lines that hold a secret, and the secret.
pub const PLANTED: &[(&str, &str)] = &[
    ("login refused, password: Zx9planted-1", "Zx9planted-1"),
    ("request with {\"client_secret\": \"Zx9planted-2\", \"n\": 1}", "Zx9planted-2"),
    ("called with {'api_key': 'Zx9planted-3', 'n': 1}", "Zx9planted-3"),
    ("GET https://api/x?access_token=Zx9planted-4&n=1 failed", "Zx9planted-4"),
    ("clone of https://crayvcs:Zx9planted-5@vcs/x.git failed", "Zx9planted-5"),
    ("sent Authorization: Bearer Zx9planted-6 to keycloak", "Zx9planted-6"),
    ("got eyJhbGciOiJaeDlwbGFudGVkNyJ9.eyJhIjoiWng5In0.Zx9planted-7 back", "eyJhbGciOiJaeDlwbGFudGVkNyJ9"),
    ("X-Auth-Token: Zx9planted-8", "Zx9planted-8"),
    ("AWS_SECRET_ACCESS_KEY=Zx9planted/8+a", "Zx9planted/8+a"),
    ("key AKIAZX9PLANTED090000 used", "AKIAZX9PLANTED090000"),
    ("root:$6$Zx9planted$10aaaaaaaaaaaaaaaaaaaaaaaa:1:", "$6$Zx9planted$10aaaa"),
    (
        "{\"key\": \"-----BEGIN RSA PRIVATE KEY-----\\nZx9planted11\\n-----END RSA PRIVATE KEY-----\\n\"}",
        "Zx9planted11",
    ),
];

/// A private key over several lines.
pub const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nZx9plantedkey0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nZx9plantedend0==\n-----END OPENSSH PRIVATE KEY-----";

/// Nothing that was planted is in a text.
pub fn assert_clean(text: &str, what: &str) {
    let text = text.replace("\\u002b", "+").replace("&#43;", "+");
    for secret in PLANTED.iter().map(|(_, secret)| *secret).chain(["Zx9planted", "Zx9plantedkey0", "Zx9plantedend0"]) {
        assert!(!text.contains(secret), "{what} tells {secret}:\n{text}");
    }
}
