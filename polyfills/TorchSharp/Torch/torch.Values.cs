using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor tensor(Scalar scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        full([], scalar, dtype ?? scalar.Type, device, requires_grad);

    /// <summary>A tensor over a file's memory map; shared: changes go to the file. The size counts elements.</summary>
    public static Tensor from_file(
        string filename, bool? shared = null, long? size = 0, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Aten.from_file.Call(filename, shared is { } given ? given : Argument.None, size, dtype ?? get_default_dtype(), Argument.None, device), requires_grad);

    /// <summary>A tensor that shares its memory with the array (which stays pinned as long as the tensor lives).</summary>
    public static unsafe Tensor frombuffer(
        Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false, Device? device = null)
    {
        int size = dtype.ElementSize();
        long available = Buffer.ByteLength(rawArray) / size;
        if (count < 0)
        {
            count = available - offset;
        }

        if (offset < 0 || count < 0 || offset + count > available)
        {
            throw new ArgumentException($"{count} elements from {offset} on were asked for, but the buffer has {available}");
        }

        var pin = GCHandle.Alloc(rawArray, GCHandleType.Pinned);
        nint handle = Shim.torchshim_tensor_over(
            (byte*)pin.AddrOfPinnedObject() + (offset * size), &count, 1, (int)dtype, &Unpin, (void*)GCHandle.ToIntPtr(pin));
        if (handle == 0)
        {
            pin.Free();
            Shim.Throw();
        }

        var tensor = new Tensor(handle);
        return Made(device is null || device.type == DeviceType.CPU ? tensor : tensor.to(device, disposeAfter: true), requires_grad);
    }

    [UnmanagedCallersOnly]
    private static unsafe void Unpin(void* handle) => GCHandle.FromIntPtr((nint)handle).Free();

    private static ReadOnlySpan<T> SpanOf<T>(IList<T> items) => items switch
    {
        T[] array => array,
        List<T> list => CollectionsMarshal.AsSpan(list),
        _ => items.ToArray(),
    };

    /// <summary>Copies the values into a new tensor, then changes dtype and device where asked.</summary>
    private static unsafe Tensor FromValues<T>(
        ReadOnlySpan<T> values, long[] shape, ScalarType type, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names = null) where T : unmanaged
    {
        long count = 1;
        foreach (long size in shape)
        {
            count *= size;
        }

        if (count != values.Length)
        {
            throw new ArgumentException($"{values.Length} values do not fill a tensor of shape [{string.Join(", ", shape)}]");
        }

        var tensor = empty(shape, type, names: names);
        if (count > 0)
        {
            values.CopyTo(new Span<T>(tensor.DataPointer, values.Length));
        }

        if ((dtype is not null && dtype != type) || (device is not null && device.type != DeviceType.CPU))
        {
            tensor = tensor.to(dtype ?? type, device ?? CPU, disposeAfter: true);
        }

        return requiresGrad ? tensor.requires_grad_() : tensor;
    }

    private static Tensor FromRectangle<T>(Array values, ScalarType type, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names) where T : unmanaged
    {
        var shape = new long[values.Rank];
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = values.GetLongLength(i);
        }

        ref byte first = ref MemoryMarshal.GetArrayDataReference(values);
        var span = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(ref first), values.Length);
        return FromValues(span, shape, type, dtype, device, requiresGrad, names);
    }
}
