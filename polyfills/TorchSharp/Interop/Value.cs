using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>Mirrors shim::Tag of native/shim.h.</summary>
internal enum Tag
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Double = 3,
    Bool = 4,
    Ints = 5,
    Doubles = 6,
    Bools = 7,
    Tensors = 8,
    String = 9,
    Device = 10,
    Generator = 11,
    Default = 12,
}

/// <summary>Mirrors shim::Value of native/shim.h: one argument or result at the boundary.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct Value
{
    [FieldOffset(0)] public Tag Tag;
    [FieldOffset(4)] public int Count;
    [FieldOffset(8)] public long Int;
    [FieldOffset(8)] public double Double;
    [FieldOffset(8)] public void* Pointer;
}
