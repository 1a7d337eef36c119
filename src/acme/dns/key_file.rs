//! A TSIG key as `tsig-keygen` and `nsupdate -k` write and read it.

use anyhow::{Context, bail};

use super::{Algorithm, Key};

impl Key {
    /// Reads `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };`.
    ///
    /// # Errors
    /// A text that is no such key, or an algorithm that is not worth having; never with the secret.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let words = words(text);
        let after = |wanted: &str| {
            let place = words.iter().position(|word| word == wanted)?;
            words.get(place + 1).cloned()
        };
        Ok(Self {
            name: after("key").context("no key in it; make one with tsig-keygen NAME")?,
            algorithm: algorithm(&after("algorithm").context("no algorithm in it")?)?,
            secret: after("secret").context("no secret in it")?,
        })
    }
}

fn algorithm(name: &str) -> anyhow::Result<Algorithm> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "hmac-sha256" => Algorithm::HmacSha256,
        "hmac-sha384" => Algorithm::HmacSha384,
        "hmac-sha512" => Algorithm::HmacSha512,
        other => bail!("{other} is not taken; use hmac-sha256, hmac-sha384 or hmac-sha512"),
    })
}

/// The words between punctuation, without comments.
fn words(text: &str) -> Vec<String> {
    // `//` is Base64 too, so a comment begins a word.
    let is_comment = |word: &str| word.starts_with("//") || word.starts_with('#');
    let words = text.lines().flat_map(|line| {
        let words = line.split_whitespace();
        words.take_while(move |word| !is_comment(word))
    });
    let words = words.flat_map(|word| word.split(|c| "{};\"".contains(c)));
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_however_it_is_laid_out() {
        let long =
            "# made today\nkey \"home\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0\";\n};\n";
        let short = "key home{algorithm hmac-sha512;secret c2VjcmV0;};";
        for text in [long, short] {
            let key = Key::parse(text).unwrap();
            assert_eq!(
                (key.name.as_str(), key.secret.as_str()),
                ("home", "c2VjcmV0")
            );
            assert_eq!(key.algorithm, Algorithm::HmacSha512);
        }
    }

    #[test]
    fn a_secret_may_look_like_a_comment() {
        let key =
            Key::parse("key a { algorithm hmac-sha256; secret \"ab//cd==\"; }; // old").unwrap();
        assert_eq!(key.secret, "ab//cd==");
    }

    #[test]
    fn what_is_no_key_is_told_without_its_secret() {
        let told = |text: &str| format!("{:#}", Key::parse(text).err().unwrap());
        assert!(told("").contains("tsig-keygen"));
        assert!(told("key a { secret c2VjcmV0; };").contains("no algorithm"));
        let md5 = told("key a { algorithm hmac-md5; secret c2VjcmV0; };");
        assert!(
            md5.contains("hmac-sha256") && !md5.contains("c2VjcmV0"),
            "{md5}"
        );
    }
}
