//! Devices by name: the one place that knows which backends exist.
//!
//! A new backend costs one Cargo feature, one variant of [`Backend`] and one arm in `open`.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{DType, Device};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A backend by the name that people type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Backend {
    /// The best that is compiled in and present: a real GPU, otherwise the CPU.
    Auto,
    /// Burn's ndarray backend (CPU).
    Ndarray,
    /// Burn's flex backend (CPU), the successor of ndarray.
    Flex,
    /// Any GPU through wgpu; a software adapter only when asked for by this name.
    Wgpu,
}

impl Backend {
    /// Every name, `auto` first.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Ndarray, Self::Flex, Self::Wgpu];

    /// The name on the command line and of the Cargo feature.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ndarray => "ndarray",
            Self::Flex => "flex",
            Self::Wgpu => "wgpu",
        }
    }

    /// Whether this build contains it. `auto` needs any of the others.
    pub fn is_compiled(self) -> bool {
        match self {
            Self::Auto => Self::compiled().next().is_some(),
            Self::Ndarray => cfg!(feature = "ndarray"),
            Self::Flex => cfg!(feature = "flex"),
            Self::Wgpu => cfg!(feature = "wgpu"),
        }
    }

    /// The backends that this build contains.
    pub fn compiled() -> impl Iterator<Item = Self> {
        [Self::Ndarray, Self::Flex, Self::Wgpu]
            .into_iter()
            .filter(|backend| backend.is_compiled())
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Backend {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|backend| backend.name() == name)
            .ok_or_else(|| DeviceError::Unknown {
                name: name.to_owned(),
            })
    }
}

/// The width of the numbers that a device computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, about 7 digits.
    F32,
    /// 64 bits, about 16 digits.
    F64,
}

impl Precision {
    /// `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// Burn's name for it.
    pub fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F64 => DType::F64,
        }
    }

    /// Distance from 1 to the next number.
    pub fn epsilon(self) -> f64 {
        match self {
            Self::F32 => f64::from(f32::EPSILON),
            Self::F64 => f64::EPSILON,
        }
    }
}

impl FromStr for Precision {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "f32" => Ok(Self::F32),
            "f64" => Ok(Self::F64),
            _ => Err(DeviceError::UnknownPrecision {
                name: name.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why there is no device.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceError {
    /// No backend has this name.
    #[error("there is no backend `{name}`; one of {}", Backend::ALL.map(Backend::name).join(", "))]
    Unknown {
        /// What was typed.
        name: String,
    },
    /// No precision has this name.
    #[error("there is no precision `{name}`; one of f32, f64")]
    UnknownPrecision {
        /// What was typed.
        name: String,
    },
    /// The backend is not part of this build.
    #[error("the backend {backend} is not compiled into this program")]
    NotCompiled {
        /// The backend asked for.
        backend: Backend,
    },
    /// The build contains no backend at all.
    #[error("this program was compiled without any backend")]
    NoBackend,
    /// The backend found nothing to run on.
    #[error("the backend {backend} finds no adapter on this machine: {message}")]
    NoAdapter {
        /// The backend asked for.
        backend: Backend,
        /// What the graphics library said.
        message: String,
    },
    /// The device cannot compute in this precision.
    #[error("{adapter} cannot compute in {precision}")]
    Precision {
        /// The device.
        adapter: String,
        /// The precision asked for.
        precision: Precision,
    },
}

impl DeviceError {
    /// The next step.
    pub fn remedy(&self) -> Option<String> {
        let names = |backends: &mut dyn Iterator<Item = Backend>| {
            backends.map(Backend::name).collect::<Vec<_>>().join(", ")
        };
        Some(match self {
            Self::Unknown { .. } => format!("one of {}", names(&mut Backend::ALL.into_iter())),
            Self::UnknownPrecision { .. } => "one of f32, f64".to_owned(),
            Self::NotCompiled { backend } => format!(
                "cargo run --release -p train --features {backend}; compiled in: {}",
                names(&mut Backend::compiled())
            ),
            Self::NoBackend => "compile with --features flex".to_owned(),
            Self::NoAdapter { .. } => "install the driver of the GPU; Mesa's software Vulkan also \
                 works (Debian: apt-get install mesa-vulkan-drivers libvulkan1), \
                 or take --backend flex"
                .to_owned(),
            Self::Precision { .. } => {
                "--precision f32, or --backend flex, which has both".to_owned()
            }
        })
    }
}

/// A device, and why it is this one.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What tensors are made on.
    pub device: Device,
    /// Never [`Backend::Auto`].
    pub backend: Backend,
    /// The adapter's own name, on a GPU backend.
    pub adapter: Option<String>,
    /// Whether the adapter is a GPU emulated by the CPU.
    pub software: bool,
    /// Why this one, in a few words for the summary.
    pub reason: String,
}

impl Choice {
    /// Checks that the device computes in `precision`.
    ///
    /// # Errors
    /// [`DeviceError::Precision`] when it does not.
    pub fn require(&self, precision: Precision) -> Result<(), DeviceError> {
        // Vulkan's shaders know no exponential and no logarithm in f64: an adapter that takes such
        // tensors answers with garbage, so none is asked.
        let computes = self.backend != Backend::Wgpu || precision == Precision::F32;
        if computes && self.device.supports_dtype(precision.dtype()) {
            return Ok(());
        }
        let adapter = self
            .adapter
            .clone()
            .unwrap_or_else(|| self.backend.to_string());
        Err(DeviceError::Precision { adapter, precision })
    }
}

/// Opens the device of a backend, or finds the best one for `auto`.
///
/// `auto` takes wgpu when it is compiled in and a real GPU answers, otherwise ndarray, otherwise
/// flex. A backend asked for by name is never replaced by another.
///
/// # Errors
/// [`DeviceError::NotCompiled`], [`DeviceError::NoAdapter`], and [`DeviceError::NoBackend`] for
/// `auto` in a build without backends.
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use model::device::{Backend, select};
///
/// let choice = select(Backend::Flex)?;
/// println!("{} ({})", choice.backend, choice.reason);
/// # Ok::<(), model::device::DeviceError>(())
/// ```
pub fn select(backend: Backend) -> Result<Choice, DeviceError> {
    if backend != Backend::Auto {
        return open(backend);
    }
    let without_gpu = match open(Backend::Wgpu) {
        Ok(choice) if !choice.software => return Ok(choice),
        Ok(_) => "wgpu finds only a software adapter",
        Err(DeviceError::NotCompiled { .. }) => "wgpu not compiled in",
        Err(_) => "wgpu finds no adapter",
    };
    on_cpu(without_gpu)
}

/// [`select`] for a precision: `auto` passes over a GPU that cannot compute in it.
///
/// # Errors
/// As [`select`], and [`DeviceError::Precision`] for a backend asked for by name.
pub fn select_for(backend: Backend, precision: Precision) -> Result<Choice, DeviceError> {
    let choice = select(backend)?;
    match choice.require(precision) {
        Ok(()) => Ok(choice),
        Err(error) if backend == Backend::Auto => on_cpu(&error.to_string()),
        Err(error) => Err(error),
    }
}

/// The CPU backend that `auto` takes, and why it is not the GPU, which is not looked for.
///
/// # Errors
/// [`DeviceError::NoBackend`], or [`DeviceError::NoAdapter`] where only wgpu is compiled in.
pub fn on_cpu(reason: &str) -> Result<Choice, DeviceError> {
    let backend = [Backend::Ndarray, Backend::Flex]
        .into_iter()
        .find(|backend| backend.is_compiled())
        .ok_or(if Backend::Wgpu.is_compiled() {
            DeviceError::NoAdapter {
                backend: Backend::Wgpu,
                message: reason.to_owned(),
            }
        } else {
            DeviceError::NoBackend
        })?;
    let mut choice = open(backend)?;
    reason.clone_into(&mut choice.reason);
    Ok(choice)
}

fn open(backend: Backend) -> Result<Choice, DeviceError> {
    match backend {
        #[cfg(feature = "ndarray")]
        #[allow(deprecated, reason = "burn-ndarray is offered until Burn drops it")]
        Backend::Ndarray => Ok(cpu(backend, Device::ndarray())),
        #[cfg(feature = "flex")]
        Backend::Flex => Ok(cpu(backend, Device::flex())),
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => wgpu::open(),
        _ => Err(DeviceError::NotCompiled { backend }),
    }
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
fn cpu(backend: Backend, device: Device) -> Choice {
    Choice {
        device,
        backend,
        adapter: None,
        software: false,
        reason: "as asked".to_owned(),
    }
}

#[cfg(feature = "wgpu")]
mod wgpu {
    use std::sync::OnceLock;

    use burn::tensor::Device;
    use burn::tensor::wgpu::wgpu::DeviceType;

    use super::{Backend, Choice, DeviceError};

    /// Burn opens a wgpu selector once in a process, so the answer is kept.
    static OPENED: OnceLock<Result<Choice, DeviceError>> = OnceLock::new();

    pub(super) fn open() -> Result<Choice, DeviceError> {
        OPENED.get_or_init(open_once).clone()
    }

    fn open_once() -> Result<Choice, DeviceError> {
        let (device, setup) =
            Device::wgpu_options()
                .init_with_setup()
                .map_err(|error| DeviceError::NoAdapter {
                    backend: Backend::Wgpu,
                    message: error.to_string(),
                })?;
        let info = setup.adapter.get_info();
        let software = info.device_type == DeviceType::Cpu;
        let kind = if software { "software adapter" } else { "GPU" };
        Ok(Choice {
            device,
            backend: Backend::Wgpu,
            reason: format!("{kind} {}", info.name),
            adapter: Some(info.name),
            software,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_others_are_refused() {
        for precision in [Precision::F32, Precision::F64] {
            assert_eq!(precision.name().parse(), Ok(precision));
        }
        let error = "f16".parse::<Precision>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no precision `f16`; one of f32, f64"
        );
        assert_eq!(error.remedy().unwrap(), "one of f32, f64");
        for backend in Backend::ALL {
            assert_eq!(backend.name().parse(), Ok(backend));
        }
        let error = "cuda".parse::<Backend>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no backend `cuda`; one of auto, ndarray, flex, wgpu"
        );
        assert_eq!(error.remedy().unwrap(), "one of auto, ndarray, flex, wgpu");
    }

    #[test]
    #[cfg(not(feature = "wgpu"))]
    fn a_backend_that_is_not_compiled_names_the_feature() {
        let error = select(Backend::Wgpu).unwrap_err();
        assert_eq!(
            error,
            DeviceError::NotCompiled {
                backend: Backend::Wgpu
            }
        );
        assert!(error.remedy().unwrap().contains("--features wgpu"));
    }

    #[test]
    #[cfg(not(any(feature = "ndarray", feature = "flex", feature = "wgpu")))]
    fn a_build_without_backends_says_so() {
        assert_eq!(Backend::compiled().count(), 0);
        assert!(!Backend::Auto.is_compiled());
        let error = select(Backend::Auto).unwrap_err();
        assert_eq!(error, DeviceError::NoBackend);
        assert!(error.remedy().unwrap().contains("--features"));
    }

    #[test]
    fn every_error_has_a_remedy() {
        let (backend, precision) = (Backend::Wgpu, Precision::F64);
        let errors = [
            DeviceError::Unknown {
                name: "gpu".to_owned(),
            },
            DeviceError::NotCompiled { backend },
            DeviceError::NoBackend,
            DeviceError::NoAdapter {
                backend,
                message: "none".to_owned(),
            },
            DeviceError::Precision {
                adapter: "a GPU".to_owned(),
                precision,
            },
        ];
        for error in errors {
            assert!(error.remedy().is_some(), "{error}");
        }
    }

    #[test]
    #[cfg(feature = "flex")]
    fn flex_computes_in_both_precisions() {
        let choice = select(Backend::Flex).unwrap();
        assert_eq!(choice.backend, Backend::Flex);
        assert!(choice.adapter.is_none() && !choice.software);
        choice.require(Precision::F32).unwrap();
        choice.require(Precision::F64).unwrap();
    }

    #[test]
    fn names_are_padded_where_a_table_asks_for_it() {
        assert_eq!(
            format!("{:8}|{:>5}", Backend::Flex, Precision::F64),
            "flex    |  f64"
        );
    }

    #[test]
    #[cfg(feature = "ndarray")]
    fn auto_says_why_it_took_the_cpu() {
        let choice = select(Backend::Auto).unwrap();
        if choice.backend != Backend::Wgpu {
            assert_eq!(choice.backend, Backend::Ndarray);
            assert!(choice.reason.starts_with("wgpu"), "{}", choice.reason);
        }
    }
}
