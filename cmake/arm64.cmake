# Toolchain file of the preset arm64: Debian's cross compiler with its own C library, other libraries from build/arm64/sysroot
# (scripts/test-arm64 puts them there), programs run by qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(vd_sysroot ${CMAKE_CURRENT_LIST_DIR}/../build/arm64/sysroot)
cmake_path(NORMAL_PATH vd_sysroot)
set(CMAKE_FIND_ROOT_PATH ${vd_sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${vd_sysroot})
set(ENV{PKG_CONFIG_LIBDIR} ${vd_sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig:${vd_sysroot}/usr/share/pkgconfig)

# Debian's headers lie where a compiler finds them by itself, so packages don't name them.
set(CMAKE_CXX_FLAGS_INIT "-isystem ${vd_sysroot}/usr/include -isystem ${vd_sysroot}/usr/include/aarch64-linux-gnu")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${vd_sysroot}/usr/lib/aarch64-linux-gnu")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${CMAKE_EXE_LINKER_FLAGS_INIT}")

set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64;-L;/usr/aarch64-linux-gnu;-E;LD_LIBRARY_PATH=${vd_sysroot}/usr/lib/aarch64-linux-gnu;-E;VEDETTE_EMULATED=1")
