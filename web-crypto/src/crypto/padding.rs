//! Owns padding: 0x80 and zeros up to the next step (ISO/IEC 7816-4). Applied before sealing, removed after opening.

use zeroize::Zeroizing;

pub(super) fn padded_len(len: usize, step: usize) -> usize {
    (len + 1).next_multiple_of(step)
}

pub(super) fn pad(content: &[u8], step: usize) -> Zeroizing<Vec<u8>> {
    let length = padded_len(content.len(), step);
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(content);
    padded.push(0x80);
    padded.resize(length, 0);
    padded
}

/// `None`: there is no mark, or more padding than a step holds.
pub(super) fn unpad(mut padded: Zeroizing<Vec<u8>>, step: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mark = padded.iter().rposition(|byte| *byte != 0)?;
    if padded.get(mark) != Some(&0x80) || padded_len(mark, step) != padded.len() {
        return None;
    }
    padded.truncate(mark);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_comes_off_at_every_length() {
        for length in 0..400 {
            let content = vec![0x80; length];
            let padded = pad(&content, 160);
            assert_eq!(padded.len() % 160, 0);
            assert!(padded.len() > length);
            assert_eq!(*unpad(padded, 160).unwrap(), content);
        }
    }

    #[test]
    fn padding_of_another_form_is_refused() {
        for wrong in [vec![], vec![0; 160], vec![1; 160], [vec![0x80], vec![0; 319]].concat(), vec![0x80; 159]] {
            assert!(unpad(Zeroizing::new(wrong), 160).is_none());
        }
    }
}
