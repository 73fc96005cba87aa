//! `role`: if several installations run for one person, each of them says only what its role has to say.

use crate::{
    config::Role,
    domain::{Condition, Reason, Step},
};

/// Silences the steps that another installation says. They stay in the decision log with their own reason.
pub(super) fn silence(conditions: &mut [Condition], role: Role) {
    for condition in conditions {
        let is_promise = condition.subject.is_promise();
        if let Some(ask) = &mut condition.ask
            && !says(role, ask.step, is_promise)
        {
            ask.silent = Some(Reason::OtherRole);
        }
    }
}

fn says(role: Role, step: Step, is_promise: bool) -> bool {
    match role {
        Role::Main => true,
        Role::Backup => step == Step::LastCall,
        Role::Staging => !is_promise,
    }
}
