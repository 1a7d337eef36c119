use crate::transport::client_stream::frames::*;

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
    [&head, payload].concat()
}

fn begun() -> Frames {
    let mut frames = Frames::new(Duration::from_secs(10), Signal::default());
    frames.passed(PREFACE);
    frames
}

/// The number of bytes that pass, if any.
fn passes(frames: &mut Frames, received: &[u8]) -> Option<usize> {
    match frames.next(received) {
        Next::Pass => Some(frames.passing),
        Next::Incomplete | Next::Faulty => None,
    }
}

#[test]
fn a_field_block_passes_once_it_is_complete() {
    let block = [
        frame(HEADERS, 0, b"fie"),
        frame(CONTINUATION, 0, b"ld"),
        frame(CONTINUATION, END_HEADERS, b"s"),
    ]
    .concat();
    let received = [&block[..], &frame(HEADERS, END_HEADERS, b"next")].concat();
    for length in 0..block.len() {
        assert_eq!(passes(&mut begun(), &received[..length]), None, "{length}");
    }
    let mut frames = begun();
    assert_eq!(passes(&mut frames, &received), Some(block.len()));
}

#[test]
fn no_frame_passes_after_a_field_block_until_the_gate_opens() {
    let mut frames = begun();
    let block = frame(HEADERS, END_HEADERS, b"fields");
    assert_eq!(passes(&mut frames, &block), Some(block.len()));
    frames.passed(block.len() - 1);
    assert!(!frames.is_shut());
    frames.passed(1);
    assert!(frames.is_shut());
    assert!(frames.gate().open() && !frames.gate().open());
    let data = frame(DATA, 0, b"body");
    assert_eq!(passes(&mut frames, &data), Some(data.len()));
    frames.passed(data.len());
    assert!(!frames.is_shut());
}

#[test]
fn a_field_block_that_another_frame_interrupts_passes_to_be_refused() {
    let begin = frame(HEADERS, 0, b"fields");
    let received = [&begin[..], &frame(6, 0, &[0; 8])].concat();
    assert_eq!(passes(&mut begun(), &received), Some(begin.len()));
}

#[test]
fn a_field_block_without_end_is_a_flood() {
    for piece in [vec![], vec![0], vec![0; MOST_FRAME]] {
        let mut received = frame(HEADERS, 0, b"fields");
        let mut frames = begun();
        for _ in 0..20 {
            assert_eq!(passes(&mut frames, &received), None);
            received.extend(frame(CONTINUATION, 0, &piece));
        }
        assert_eq!(frames.gate().fault(), Some(Fault::Flooded));
    }
}

#[test]
fn large_field_blocks_end_a_connection_and_small_ones_do_not() {
    let mut frames = begun();
    let small = frame(HEADERS, END_HEADERS, &[0; 1_000]);
    for _ in 0..10_000 {
        passes(&mut frames, &small).unwrap();
    }
    assert!(!frames.leave.is_raised());
    let large = frame(HEADERS, END_HEADERS, &[0; MOST_FRAME]);
    for _ in 0..20 {
        passes(&mut frames, &large);
    }
    assert!(frames.leave.is_raised() && frames.held() > 64 * 1024);
}

#[test]
fn the_content_of_a_response_pays_for_its_window_updates() {
    let mut frames = begun();
    let sent = frame(DATA, 0, &[0; 1_000]);
    let window = frame(8, 0, &[0, 0, 3, 0xe8]);
    for _ in 0..2_000 {
        for piece in sent.chunks(7) {
            frames.sent(piece);
        }
        passes(&mut frames, &window).unwrap();
        passes(&mut frames, &window).unwrap();
    }
}
