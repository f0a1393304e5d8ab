"""The wheel of the package vedette. scripts/build-python calls this in a copy that has the native half beside the sources already:
CMake builds it (target vedette_python), so that there is one build of the bus and no second set of compiler flags."""
import pathlib

from setuptools import Distribution, setup

NATIVE = [path.name for path in pathlib.Path("vedette").glob("_bus.*.so")]
if len(NATIVE) != 1:
    raise SystemExit("vedette/_bus.*.so is missing: build the wheel by `make python`")
VERSION = pathlib.Path("VERSION").read_text().strip()


class WithNativeHalf(Distribution):
    def has_ext_modules(self) -> bool:  # the wheel is for this Python and this machine
        return True


setup(
    name="vedette",
    version=VERSION,
    description="Frames and annotations of Vedette's cameras, read and written in shared memory without a copy",
    license="Apache-2.0",
    python_requires=">=3.11",
    install_requires=["numpy"],
    packages=["vedette"],
    package_data={"vedette": ["py.typed", "*.pyi", *NATIVE]},
    distclass=WithNativeHalf,
)
