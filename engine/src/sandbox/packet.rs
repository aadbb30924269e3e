//! One packet, with descriptors, over a `SOCK_SEQPACKET` socket.
//!
//! Knows no message. Longer messages travel as several packets, see
//! [`send_long`] and [`receive_long`].

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};

use super::message::MESSAGE_LIMIT;

/// The largest packet, in bytes.
pub(super) const PACKET_LIMIT: usize = 32 << 10;
/// The most descriptors one packet carries.
const DESCRIPTOR_LIMIT: usize = 4;

/// A connected pair of sockets, both closed on exec.
pub(super) fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
}

/// Sends `bytes` and copies of `descriptors` as one packet.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTOR_LIMIT))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::MSGSIZE);
    }
    let data = [IoSlice::new(bytes)];
    retry_on_intr(|| rustix::net::sendmsg(socket, &data, &mut control, SendFlags::NOSIGNAL))?;
    Ok(())
}

/// A received packet; `length == 0` means that the other end is closed.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) length: usize,
    pub(super) descriptors: Vec<OwnedFd>,
}

/// Receives one packet into `buffer`; one that does not fit is an error.
pub(super) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Received, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTOR_LIMIT))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = retry_on_intr(|| {
        rustix::net::recvmsg(
            socket,
            &mut [IoSliceMut::new(buffer)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        )
    })?;
    if message.flags.contains(ReturnFlags::TRUNC) || message.flags.contains(ReturnFlags::CTRUNC) {
        return Err(Errno::MSGSIZE);
    }
    let descriptors = control
        .drain()
        .filter_map(|ancillary| match ancillary {
            RecvAncillaryMessage::ScmRights(received) => Some(received),
            _ => None,
        })
        .flatten()
        .collect();
    Ok(Received {
        length: message.bytes,
        descriptors,
    })
}

/// The packets that carry `message`: the first starts with its length.
pub(super) fn split(message: &[u8]) -> Vec<u8> {
    let mut framed = (message.len() as u64).to_le_bytes().to_vec();
    framed.extend_from_slice(message);
    framed
}

/// Sends `message` of any length up to [`MESSAGE_LIMIT`] over a blocking socket.
pub(super) fn send_long(socket: BorrowedFd<'_>, message: &[u8]) -> Result<(), Errno> {
    if message.len() > MESSAGE_LIMIT {
        return Err(Errno::MSGSIZE);
    }
    for packet in split(message).chunks(PACKET_LIMIT) {
        send(socket, packet, &[])?;
    }
    Ok(())
}

/// Receives what [`send_long`] sends; `None` when the other end closed before.
pub(super) fn receive_long(socket: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, Errno> {
    let mut buffer = vec![0; PACKET_LIMIT];
    let first = receive(socket, &mut buffer)?.length;
    let Some((length, start)) = buffer[..first].split_first_chunk() else {
        return if first == 0 {
            Ok(None)
        } else {
            Err(Errno::BADMSG)
        };
    };
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MESSAGE_LIMIT {
        return Err(Errno::MSGSIZE);
    }
    let mut message = start.to_vec();
    while message.len() < length {
        match receive(socket, &mut buffer)?.length {
            0 => return Ok(None),
            count => message.extend_from_slice(&buffer[..count]),
        }
    }
    if message.len() == length {
        Ok(Some(message))
    } else {
        Err(Errno::BADMSG)
    }
}
