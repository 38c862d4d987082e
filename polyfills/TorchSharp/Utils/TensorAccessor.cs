using System.Collections;

namespace TorchSharp.Utils;

using static TorchSharp.torch;

/// <summary>Reads and writes the elements of a CPU tensor in row-major order of its shape, whatever its strides.</summary>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly Tensor _tensor;
    private readonly T* _data;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly bool _contiguous;

    internal TensorAccessor(Tensor tensor)
    {
        // An alias: the memory stays although the tensor is disposed before its accessor.
        _tensor = tensor.alias().DetachFromDisposeScope();
        _data = (T*)_tensor.DataPointer;
        _shape = _tensor.shape;
        _strides = _tensor.stride();
        _contiguous = _tensor.is_contiguous();
        Count = _tensor.NumberOfElements;
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    public T this[params long[] indices]
    {
        get => _data[OffsetOf(indices)];
        set => _data[OffsetOf(indices)] = value;
    }

    public T[] ToArray()
    {
        var items = new T[Count];
        CopyTo(items);
        return items;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0)
    {
        long count = Math.Min(Count - tensorIndex, array.Length - arrayIndex);
        Copy(array.AsSpan(arrayIndex, checked((int)Math.Max(count, 0))), tensorIndex, toTensor: false);
    }

    public void CopyTo(Span<T> span, int arrayIndex = 0, long tensorIndex = 0)
    {
        long count = Math.Min(Count - tensorIndex, span.Length - arrayIndex);
        Copy(span.Slice(arrayIndex, checked((int)Math.Max(count, 0))), tensorIndex, toTensor: false);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> span, int arrayIndex = 0, long tensorIndex = 0)
    {
        int count = checked((int)Math.Max(Math.Min(Count - tensorIndex, span.Length - arrayIndex), 0));
        fixed (T* from = span)
        {
            Copy(new Span<T>(from + arrayIndex, count), tensorIndex, toTensor: true);
        }
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++)
        {
            yield return At(i);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => _tensor.Dispose();

    private T At(long index) => _data[_contiguous ? index : OffsetOfFlat(index)];

    private void Copy(Span<T> items, long tensorIndex, bool toTensor)
    {
        if (_contiguous)
        {
            var memory = new Span<T>(_data + tensorIndex, items.Length);
            if (toTensor)
            {
                items.CopyTo(memory);
            }
            else
            {
                memory.CopyTo(items);
            }

            return;
        }

        for (int i = 0; i < items.Length; i++)
        {
            long offset = OffsetOfFlat(tensorIndex + i);
            if (toTensor)
            {
                _data[offset] = items[i];
            }
            else
            {
                items[i] = _data[offset];
            }
        }
    }

    private long OffsetOf(long[] indices)
    {
        if (indices.Length == 1 && _shape.Length != 1)
        {
            long flat = indices[0] < 0 ? indices[0] + Count : indices[0];
            return flat >= 0 && flat < Count ? OffsetOfFlat(flat) : throw OutOfRange(indices);
        }

        if (indices.Length != _shape.Length)
        {
            throw new ArgumentException($"{indices.Length} indices were given for a tensor of {_shape.Length} dimensions");
        }

        long offset = 0;
        for (int i = 0; i < indices.Length; i++)
        {
            long index = indices[i] < 0 ? indices[i] + _shape[i] : indices[i];
            if (index < 0 || index >= _shape[i])
            {
                throw OutOfRange(indices);
            }

            offset += index * _strides[i];
        }

        return offset;
    }

    private long OffsetOfFlat(long index)
    {
        long offset = 0;
        for (int i = _shape.Length - 1; i >= 0; i--)
        {
            (index, long position) = Math.DivRem(index, _shape[i]);
            offset += position * _strides[i];
        }

        return offset;
    }

    private IndexOutOfRangeException OutOfRange(long[] indices) =>
        new($"index [{string.Join(", ", indices)}] lies outside of a tensor of shape [{string.Join(", ", _shape)}]");
}
