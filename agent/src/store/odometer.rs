//! odometer
