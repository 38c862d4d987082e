using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// What a step brings from the device to the host. Everything that was added comes over together: copies into pinned memory, which do not wait, and then one wait for them all.
/// Decoding brings its values over in no other way, so <see cref="Waits"/> tells how often the host stood still for the device.
/// </summary>
internal sealed class HostCopy : IDisposable
{
    [ThreadStatic] private static long s_waits;

    private readonly List<Tensor> _sources = [];
    private readonly List<Tensor> _pinned = []; // by place in a step, kept from step to step
    private bool _arrived;

    /// <summary>Waits of this thread so far; on a CPU, where nothing is waited for, the times when one would have been needed.</summary>
    public static long Waits => s_waits;

    /// <summary>Announces values; they are there after the next <see cref="Wait"/>, until something else is added.</summary>
    /// <param name="values">A tensor that is not disposed of before then.</param>
    public Values<T> Add<T>(Tensor values) where T : unmanaged
    {
        if (_arrived)
            _sources.Clear();
        _arrived = false;
        _sources.Add(values.is_contiguous() ? values : values.contiguous());
        return new Values<T>(this, _sources.Count - 1);
    }

    /// <summary>Brings over what was added.</summary>
    public void Wait()
    {
        Device? device = null;
        for (var i = 0; i < _sources.Count; i++)
        {
            if (_sources[i].device_type == DeviceType.CPU)
                continue;
            device = _sources[i].device;
            using var flat = _sources[i].view(-1);
            using var part = Pinned(i, flat).narrow(0, 0, flat.numel());
            part.copy_(flat, nonBlocking: true);
        }
        if (device is not null)
            cuda.synchronize(device);
        s_waits++;
        _arrived = true;
    }

    public void Dispose()
    {
        foreach (var buffer in _pinned)
            buffer.Dispose();
    }

    private Tensor Pinned(int place, Tensor source)
    {
        while (_pinned.Count <= place)
            _pinned.Add(empty([0], dtype: ScalarType.Byte).DetachFromDisposeScope());
        var buffer = _pinned[place];
        if (buffer.dtype == source.dtype && buffer.numel() >= source.numel())
            return buffer;
        buffer.Dispose();
        using var pageable = empty([source.numel()], dtype: source.dtype);
        return _pinned[place] = pageable.pin_memory().DetachFromDisposeScope();
    }

    private ReadOnlySpan<T> Read<T>(int place) where T : unmanaged
    {
        if (!_arrived)
            throw new InvalidOperationException("these values have not been waited for");
        var source = _sources[place];
        var memory = source.device_type == DeviceType.CPU ? source : _pinned[place];
        return MemoryMarshal.Cast<byte, T>(memory.bytes)[..(int)source.numel()];
    }

    /// <summary>Values on their way to the host, in row-major order.</summary>
    public readonly struct Values<T>(HostCopy copy, int place) where T : unmanaged
    {
        /// <summary>The values, once they were waited for.</summary>
        public ReadOnlySpan<T> Span => copy.Read<T>(place);
    }
}
