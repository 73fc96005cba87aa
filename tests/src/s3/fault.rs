//! How the fake misbehaves: at the next request, at every request, or at random with a seed.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use super::Code;

/// The operations of S3 at which a fault can be aimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Every operation.
    Any,
    /// PutObject.
    Put,
    /// GetObject.
    Get,
    /// HeadObject.
    Head,
    /// ListObjectsV2, each page.
    List,
    /// DeleteObject and DeleteObjects.
    Delete,
}

/// A fault of one request. "After" means that the request was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Not carried out, this error.
    Refuse(Code),
    /// Not carried out, the connection closes without an answer.
    DropBefore,
    /// Not carried out, no answer while the connection stays open.
    HangBefore,
    /// Carried out this many milliseconds late, even if the client has gone: a write that lands after its
    /// timeout.
    Delay(u64),
    /// Carried out, then the connection closes without an answer.
    DropAfter,
    /// Carried out, then answered with this error.
    RefuseAfter(Code),
    /// Carried out, then no answer while the connection stays open.
    HangAfter,
    /// A body that breaks off half-way. For GET and lists.
    Truncate,
    /// A body with a changed byte in the middle. For GET.
    Corrupt,
    /// A list without entries, as from a store that is not consistent yet.
    EmptyList,
    /// 200 with a web page, as a captive portal sends.
    Garbage,
}

/// Faults at random: probabilities between 0 and 1, taken in this order. A fault that does not fit a request
/// has no effect.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chaos {
    /// The seed; the same seed and the same order of requests give the same faults.
    pub seed: u64,
    /// Of [`Fault::DropAfter`].
    pub drop_after: f64,
    /// Of [`Fault::RefuseAfter`] with InternalError.
    pub error_after: f64,
    /// Of [`Fault::HangAfter`].
    pub hang_after: f64,
    /// Of [`Fault::DropBefore`].
    pub drop_before: f64,
    /// Of [`Fault::Refuse`] with InternalError or ServiceUnavailable.
    pub error_before: f64,
    /// Of [`Fault::Refuse`] with SlowDown.
    pub slow_down: f64,
    /// Of [`Fault::HangBefore`].
    pub hang_before: f64,
    /// Of [`Fault::Refuse`] with AccessDenied.
    pub access_denied: f64,
    /// Of [`Fault::Refuse`] with ConditionalRequestConflict, for PUT.
    pub conflict: f64,
    /// Of [`Fault::Truncate`].
    pub truncate: f64,
    /// Of [`Fault::Corrupt`].
    pub corrupt: f64,
    /// Of [`Fault::EmptyList`].
    pub empty_list: f64,
    /// The shortest time of every request, in milliseconds. A random part of it passes before the request is
    /// carried out.
    pub latency_min_ms: u64,
    /// The longest time of every request, in milliseconds.
    pub latency_max_ms: u64,
}

/// The fault and the delays of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) fault: Option<Fault>,
    pub(super) wait_before: Duration,
    pub(super) wait_after: Duration,
}

#[derive(Debug)]
pub(super) struct Faults {
    next: VecDeque<(Operation, Fault)>,
    always: Vec<(Operation, Fault)>,
    chaos: Chaos,
    rng: fastrand::Rng,
}

impl Operation {
    fn covers(self, other: Self) -> bool {
        self == Self::Any || self == other
    }
}

impl Default for Faults {
    fn default() -> Self {
        let rng = fastrand::Rng::with_seed(0);
        Self {
            next: VecDeque::new(),
            always: Vec::new(),
            chaos: Chaos::default(),
            rng,
        }
    }
}

impl Faults {
    pub(super) fn add_next(&mut self, operation: Operation, fault: Fault) {
        self.next.push_back((operation, fault));
    }

    pub(super) fn set_always(&mut self, operation: Operation, fault: Option<Fault>) {
        self.always.retain(|(o, _)| *o != operation);
        self.always.extend(fault.map(|fault| (operation, fault)));
    }

    pub(super) fn set_chaos(&mut self, chaos: Chaos) {
        self.rng = fastrand::Rng::with_seed(chaos.seed);
        self.chaos = chaos;
    }

    pub(super) fn clear(&mut self) {
        self.next.clear();
        self.always.clear();
        self.chaos = Chaos::default();
    }

    pub(super) fn plan(&mut self, operation: Operation) -> Plan {
        let latency = Duration::from_millis(self.chaos.latency(&mut self.rng));
        let wait_before = latency.mul_f64(self.rng.f64());
        let wait_after = latency - wait_before;
        let planned = match self.next.iter().position(|(o, _)| o.covers(operation)) {
            Some(place) => self.next.remove(place).map(|(_, fault)| fault),
            None => self
                .always
                .iter()
                .find(|(o, _)| o.covers(operation))
                .map(|(_, fault)| fault.clone()),
        };
        let fault = planned.or_else(|| self.chaos.roll(operation, &mut self.rng));
        Plan {
            fault,
            wait_before,
            wait_after,
        }
    }
}

impl Chaos {
    fn latency(&self, rng: &mut fastrand::Rng) -> u64 {
        rng.u64(self.latency_min_ms..=self.latency_max_ms.max(self.latency_min_ms))
    }

    fn roll(&self, operation: Operation, rng: &mut fastrand::Rng) -> Option<Fault> {
        use Operation::{Get, List, Put};
        let (dice, which) = (rng.f64(), rng.bool());
        let error = if which {
            Code::InternalError
        } else {
            Code::ServiceUnavailable
        };
        let table = [
            (self.drop_after, Fault::DropAfter, true),
            (self.error_after, Fault::RefuseAfter(Code::InternalError), true),
            (self.hang_after, Fault::HangAfter, true),
            (self.drop_before, Fault::DropBefore, true),
            (self.error_before, Fault::Refuse(error), true),
            (self.slow_down, Fault::Refuse(Code::SlowDown), true),
            (self.hang_before, Fault::HangBefore, true),
            (self.access_denied, Fault::Refuse(Code::AccessDenied), true),
            (
                self.conflict,
                Fault::Refuse(Code::ConditionalRequestConflict),
                operation == Put,
            ),
            (self.truncate, Fault::Truncate, matches!(operation, Get | List)),
            (self.corrupt, Fault::Corrupt, operation == Get),
            (self.empty_list, Fault::EmptyList, operation == List),
        ];
        let mut edge = 0.0;
        for (probability, fault, fits) in table {
            edge += probability;
            if dice < edge {
                return fits.then_some(fault);
            }
        }
        None
    }
}
