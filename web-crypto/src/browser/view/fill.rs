//! Words with places to fill in.

/// `words` with every `$name` filled in.
pub fn fill(words: &str, name: &str, value: &str) -> String {
    let mut parts = words.split('$');
    let mut filled = String::from(parts.next().unwrap_or_default());
    for part in parts {
        let (start, rest) = part.strip_prefix(name).map_or(("$", part), |rest| (value, rest));
        filled.push_str(start);
        filled.push_str(rest);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_stands_where_its_name_stood() {
        assert_eq!(fill("$count of $count, for $5", "count", "2"), "2 of 2, for $5");
        assert_eq!(fill("none", "count", "2"), "none");
    }
}
