# To be sourced: how code over libtorch is compiled. Takes $compiler and $libtorch (a folder with include/ and lib/; empty for the system's) and sets $include, $standard (empty
# where libtorch's headers are not found) and $abi.

if [ -n "$libtorch" ]; then
  include="-I$libtorch/include -I$libtorch/include/torch/csrc/api/include"
else
  include="-I/usr/include/torch/csrc/api/include"
fi

# From 2.12 on PyTorch compiles its extensions as C++20, and from 2.14 on the headers refuse less; older ones take C++17.
# shellcheck disable=SC2086
case $("$compiler" $include -E -P -x c++ - 2>/dev/null <<'EOF'
#include <torch/version.h>
#if TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR >= 212
needs C++20
#elif defined(TORCH_VERSION_MAJOR)
needs C++17
#endif
EOF
) in
*C++20*) standard=c++20 ;;
*C++17*) standard=c++17 ;;
*) standard= ;;
esac

# Python wheels before 2.6 were built with the old std::string; what is linked with them must match. A function of libtorch's own tells: the compiler's may be in there too.
abi=1
if [ -n "$libtorch" ] && ! LC_ALL=C grep -q '_ZN3c10[[:alnum:]_]*__cxx1112basic_string' "$libtorch/lib/libc10.so"; then
  abi=0
fi
