using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp.Interop;

using static TorchSharp.torch;

/// <summary>An ATen operator, looked up at its first call.</summary>
internal sealed unsafe class Operator(string name, string overload = "")
{
    private const int MaxArguments = 24;
    private const int MaxStackBytes = 2048;
    private nint _handle;

    /// <summary>Hears of every call that this thread makes, for tests; null otherwise.</summary>
    [ThreadStatic] internal static ICallListener? Listener;

    public string Name => overload.Length > 0 ? $"{name}.{overload}" : name;

    /// <summary>False when the libtorch in use has no such operator.</summary>
    public bool Exists => _handle != 0 || (_handle = Find()) != 0;

    /// <summary>Calls the operator; its result is one tensor.</summary>
    public Tensor Call(params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Run(arguments, &result, 1);
        return new Tensor((nint)result.Pointer);
    }

    /// <summary>Calls the operator and drops its results (in-place operators).</summary>
    public void Invoke(params ReadOnlySpan<Argument> arguments) => Run(arguments, null, 0);

    public (Tensor First, Tensor Second) CallPair(params ReadOnlySpan<Argument> arguments)
    {
        Value* results = stackalloc Value[2];
        Run(arguments, results, 2);
        return (new Tensor((nint)results[0].Pointer), new Tensor((nint)results[1].Pointer));
    }

    public (Tensor First, Tensor Second, Tensor Third) CallTriple(params ReadOnlySpan<Argument> arguments)
    {
        Value* results = stackalloc Value[3];
        Run(arguments, results, 3);
        return (new Tensor((nint)results[0].Pointer), new Tensor((nint)results[1].Pointer), new Tensor((nint)results[2].Pointer));
    }

    public Tensor[] CallList(params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Run(arguments, &result, 1);
        try
        {
            var tensors = new Tensor[result.Count];
            for (int i = 0; i < tensors.Length; i++)
            {
                tensors[i] = new Tensor(((nint*)result.Pointer)[i]);
            }

            return tensors;
        }
        finally
        {
            Shim.torchshim_free(result.Pointer);
        }
    }

    public Scalar CallScalar(params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Run(arguments, &result, 1);
        return result.Tag switch
        {
            Tag.Double => result.Double,
            Tag.Bool => result.Int != 0,
            _ => result.Int,
        };
    }

    public bool CallBool(params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Run(arguments, &result, 1);
        return result.Int != 0;
    }

    /// <summary>Calls the operator, writes up to <paramref name="capacity"/> results and drops the others.</summary>
    [SkipLocalsInit]
    internal void Run(ReadOnlySpan<Argument> arguments, Value* results, int capacity)
    {
        if (_handle == 0)
        {
            _handle = Find();
            if (_handle == 0)
            {
                throw new NotSupportedException($"libtorch {torch.__version__} has no operator aten::{name}{(overload.Length > 0 ? "." : "")}{overload}");
            }
        }

        Value* values = stackalloc Value[MaxArguments];
        int bytes = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            ref readonly Argument argument = ref arguments[i];
            values[i].Tag = argument.Tag;
            values[i].Count = 0;
            switch (argument.Tag)
            {
                case Tag.Tensor:
                    values[i].Int = ((Tensor)argument.Object!).Handle;
                    break;
                case Tag.Generator:
                    values[i].Int = ((Generator)argument.Object!).Handle;
                    break;
                case Tag.Ints or Tag.Doubles or Tag.Bools or Tag.Tensors or Tag.String:
                    bytes += SizeOf(argument) + 8;
                    break;
                default:
                    values[i].Int = argument.Bits;
                    break;
            }
        }

        int status;
        if (bytes == 0)
        {
            status = Shim.torchshim_call(_handle, values, arguments.Length, results, capacity);
        }
        else if (bytes <= MaxStackBytes)
        {
            byte* space = stackalloc byte[bytes];
            CopyLists(arguments, values, space);
            status = Shim.torchshim_call(_handle, values, arguments.Length, results, capacity);
        }
        else
        {
            void* space = NativeMemory.Alloc((nuint)bytes);
            try
            {
                CopyLists(arguments, values, (byte*)space);
                status = Shim.torchshim_call(_handle, values, arguments.Length, results, capacity);
            }
            finally
            {
                NativeMemory.Free(space);
            }
        }

        Shim.Check(status);
        Listener?.Called(this, arguments, new ReadOnlySpan<Value>(results, status));
    }

    private static int SizeOf(in Argument argument) => argument.Object switch
    {
        long[] items => items.Length * sizeof(long),
        double[] items => items.Length * sizeof(double),
        bool[] items => items.Length,
        Tensor?[] items => items.Length * sizeof(nint),
        string text => Encoding.UTF8.GetByteCount(text),
        _ => 0,
    };

    private static void CopyLists(ReadOnlySpan<Argument> arguments, Value* values, byte* space)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            int size;
            switch (arguments[i].Object)
            {
                case long[] items:
                    size = items.Length * sizeof(long);
                    items.CopyTo(new Span<long>(space, items.Length));
                    values[i].Count = items.Length;
                    break;
                case double[] items:
                    size = items.Length * sizeof(double);
                    items.CopyTo(new Span<double>(space, items.Length));
                    values[i].Count = items.Length;
                    break;
                case bool[] items:
                    size = items.Length;
                    items.CopyTo(new Span<bool>(space, items.Length));
                    values[i].Count = items.Length;
                    break;
                case Tensor?[] items:
                    size = items.Length * sizeof(nint);
                    for (int k = 0; k < items.Length; k++)
                    {
                        ((nint*)space)[k] = items[k]?.Handle ?? 0;
                    }

                    values[i].Count = items.Length;
                    break;
                case string text:
                    size = Encoding.UTF8.GetBytes(text, new Span<byte>(space, Encoding.UTF8.GetByteCount(text)));
                    values[i].Count = size;
                    break;
                default:
                    continue;
            }

            values[i].Pointer = space;
            space += (size + 7) & ~7;
        }
    }

    private nint Find() => Shim.torchshim_find("aten::" + name, overload);
}
