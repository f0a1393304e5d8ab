//! iceoryx2's publisher and subscriber behind six C functions, so that the loop that drives every contestant drives it too.
//! Set up as iceoryx2's own latency benchmark does: one publisher, one subscriber, a buffer of one sample, overflow on, no history;
//! samples are loaned uninitialised, slices of bytes of a fixed length. With events, each sample is followed by a notification, which
//! the subscriber's listener waits for. Thread-bound. Failures end the process with a panic's message.

use core::mem::MaybeUninit;
use core::time::Duration;
use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::sample::Sample;
use iceoryx2::sample_mut_uninit::SampleMutUninit;

type Ipc = ipc::Service;
type EventFactory = iceoryx2::service::port_factory::event::PortFactory<Ipc>;
type DataFactory = iceoryx2::service::port_factory::publish_subscribe::PortFactory<Ipc, [u8], ()>;

/// Both services of a topic; `number` (the writer's pid) keeps runs apart.
fn open(number: u32, events: bool) -> (Node<Ipc>, DataFactory, Option<EventFactory>) {
    set_log_level(LogLevel::Error);
    let node = NodeBuilder::new().create::<Ipc>().unwrap();
    let name = format!("vedette-bench-{number}");
    let data = node
        .service_builder(&name.as_str().try_into().unwrap())
        .publish_subscribe::<[u8]>()
        .max_publishers(1)
        .max_subscribers(1)
        .history_size(0)
        .subscriber_max_buffer_size(1)
        .enable_safe_overflow(true)
        .open_or_create()
        .unwrap();
    let event = events.then(|| {
        let name = format!("vedette-bench-event-{number}");
        node.service_builder(&name.as_str().try_into().unwrap())
            .event()
            .open_or_create()
            .unwrap()
    });
    (node, data, event)
}

// Fields are dropped in this order: the node last.
pub struct Writer {
    loaned: Option<SampleMutUninit<Ipc, [MaybeUninit<u8>], ()>>,
    publisher: Publisher<Ipc, [u8], ()>,
    notifier: Option<Notifier<Ipc>>,
    _node: Node<Ipc>,
}

pub struct Reader {
    taken: Option<Sample<Ipc, [u8], ()>>,
    subscriber: Subscriber<Ipc, [u8], ()>,
    listener: Option<Listener<Ipc>>,
    _node: Node<Ipc>,
}

#[no_mangle]
pub extern "C" fn iox2_open_writer(number: u32, bytes: usize, events: bool) -> *mut Writer {
    let (node, data, event) = open(number, events);
    let publisher = data.publisher_builder().initial_max_slice_len(bytes).create().unwrap();
    let notifier = event.map(|event| event.notifier_builder().create().unwrap());
    Box::into_raw(Box::new(Writer { loaned: None, publisher, notifier, _node: node }))
}

#[no_mangle]
pub extern "C" fn iox2_open_reader(number: u32, events: bool) -> *mut Reader {
    let (node, data, event) = open(number, events);
    let subscriber = data.subscriber_builder().create().unwrap();
    let listener = event.map(|event| event.listener_builder().create().unwrap());
    Box::into_raw(Box::new(Reader { taken: None, subscriber, listener, _node: node }))
}

/// Where to write the next message.
#[no_mangle]
pub extern "C" fn iox2_loan(writer: &mut Writer, bytes: usize) -> *mut u8 {
    let sample = writer.loaned.insert(writer.publisher.loan_slice_uninit(bytes).unwrap());
    sample.payload_mut().as_mut_ptr().cast()
}

#[no_mangle]
pub extern "C" fn iox2_publish(writer: &mut Writer) {
    if let Some(sample) = writer.loaned.take() {
        // SAFETY: the caller has written all bytes that iox2_loan() gave.
        unsafe { sample.assume_init() }.send().unwrap();
    }
    if let Some(notifier) = &writer.notifier {
        notifier.notify().unwrap();
    }
}

/// One poll, or with events one wait of up to 100 ms; null if nothing came. The bytes are held until iox2_release().
#[no_mangle]
pub extern "C" fn iox2_take(reader: &mut Reader, bytes: &mut usize) -> *const u8 {
    if let Some(listener) = &reader.listener {
        listener.timed_wait(|_| {}, Duration::from_millis(100)).unwrap();
    }
    reader.taken = reader.subscriber.receive().unwrap();
    match &reader.taken {
        Some(sample) => {
            *bytes = sample.payload().len();
            sample.payload().as_ptr()
        }
        None => core::ptr::null(),
    }
}

#[no_mangle]
pub extern "C" fn iox2_release(reader: &mut Reader) {
    reader.taken = None;
}

/// Ends the services' part that this process holds.
#[no_mangle]
pub extern "C" fn iox2_close_writer(writer: *mut Writer) {
    // SAFETY: made by iox2_open_writer(), closed once.
    drop(unsafe { Box::from_raw(writer) });
}

#[no_mangle]
pub extern "C" fn iox2_close_reader(reader: *mut Reader) {
    // SAFETY: made by iox2_open_reader(), closed once.
    drop(unsafe { Box::from_raw(reader) });
}
