using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>
/// The operators that libtorch executes on this thread while this object lives, as its own profiler sees them (at::RecordFunction of
/// ATen/record_function.h, libtorch 2.10).
/// </summary>
internal sealed unsafe class OperatorLog : IDisposable
{
    /// <summary>Operators that give another view of a tensor or reserve memory: no work for the device.</summary>
    private static readonly HashSet<string> s_free =
    [
        "alias", "as_strided", "chunk", "detach", "empty", "empty_like", "empty_strided", "expand", "flatten", "narrow",
            "new_empty", "permute", "reshape",
        "resize_", "select", "slice", "split", "split_with_sizes", "squeeze", "t", "transpose", "unbind", "unsqueeze", "view",
            "_reshape_alias", "_unsafe_view",
    ];

    [ThreadStatic] private static OperatorLog? s_current;

    private readonly List<(string Name, int Depth)> _calls = [];
    private readonly ulong _handle;
    private int _depth;

    public OperatorLog()
    {
        s_current = this;
        _handle = AddThreadLocalCallback(new Callback { Start = &Begin, End = &End, SamplingProbability = 1, Function = 1 });
    }

    /// <summary>All names, those that other operators call included.</summary>
    public IEnumerable<string> Names => _calls.Select(call => call.Name);

    /// <summary>
    /// The operators that the program calls and that compute or copy something. What an operator calls itself is its own affair; but a
    /// view that turns out to need a copy counts.
    /// </summary>
    public IEnumerable<string> Computing()
    {
        for (int outer = 0, end; outer < _calls.Count; outer = end)
        {
            for (end = outer + 1; end < _calls.Count && _calls[end].Depth > 0; end++) { }
            if (_calls[outer..end].Any(call => !s_free.Contains(call.Name)))
                yield return _calls[outer].Name;
        }
    }

    public void Dispose()
    {
        RemoveCallback(_handle);
        s_current = null;
    }

    // The result is a std::unique_ptr, which is returned in memory that the caller gives.
    [UnmanagedCallersOnly]
    private static nint* Begin(nint* context, nint function)
    {
        *context = 0;
        s_current!._calls.Add((Marshal.PtrToStringUTF8(NameOf(function))!.Replace("aten::", "", StringComparison.Ordinal),
            s_current._depth++));
        return context;
    }

    [UnmanagedCallersOnly]
    private static void End(nint function, nint context) => s_current!._depth--;

    [StructLayout(LayoutKind.Sequential)]
    private struct Callback
    {
        public delegate* unmanaged<nint*, nint, nint*> Start;
        public delegate* unmanaged<nint, nint, void> End;
        public double SamplingProbability;
        public byte Function; // the first of ten scopes: operators
        private fixed byte _otherScopes[9];
        private fixed byte _needs[3]; // inputs, outputs, ids
    }

    [DllImport("libtorch_cpu.so", EntryPoint = "_ZN2at22addThreadLocalCallbackENS_22RecordFunctionCallbackE")]
    private static extern ulong AddThreadLocalCallback(Callback callback);

    [DllImport("libtorch_cpu.so", EntryPoint = "_ZN2at14removeCallbackEm")]
    private static extern void RemoveCallback(ulong handle);

    [DllImport("libtorch_cpu.so", EntryPoint = "_ZNK2at14RecordFunction4nameEv")]
    private static extern nint NameOf(nint function);
}
