using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Native;

/// <summary>Memory of a thread that is kept from call to call; what it holds is undefined.</summary>
internal sealed unsafe class ThreadScratch
{
    private nint _address;
    private nuint _count;

    /// <summary>The address of at least so many elements, at the start of a cache line.</summary>
    public nint Floats(nuint count)
    {
        if (count > _count)
        {
            NativeMemory.AlignedFree((void*)_address);
            _address = (nint)NativeMemory.AlignedAlloc(count * sizeof(float), 64);
            _count = count;
        }
        return _address;
    }

    ~ThreadScratch() => NativeMemory.AlignedFree((void*)_address);
}
