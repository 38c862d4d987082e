using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>What a function's forward pass keeps for its backward pass.</summary>
        public sealed class AutogradContext
        {
            private readonly Dictionary<string, object> _data = [];

            internal AutogradContext()
            {
            }

            internal List<Tensor> Saved { get; set; } = [];

            public void save_for_backward(List<Tensor> vars) => Saved = vars;

            public List<Tensor> get_saved_variables() => Saved;

            public void save_data(string key, object data) => _data[key] = data;

            public object get_data(string key) => _data[key];
        }

        /// <summary>An operation that brings its own gradient.</summary>
        public abstract class Function<T> where T : Function<T>, new()
        {
            private protected Function()
            {
            }

            public abstract string Name { get; }

            private protected static T Instance { get; } = new();
        }

        /// <summary>An operation with one output. The arguments' tensors may have gradients; other arguments have none.</summary>
        public abstract class SingleTensorFunction<T> : Function<T> where T : SingleTensorFunction<T>, new()
        {
            public static Tensor apply(params object[] vars)
            {
                var context = new AutogradContext();
                Tensor output;
                using (no_grad())
                {
                    output = Instance.forward(context, vars);
                }

                FunctionNode.Attach(Instance.Name, output, vars, context, Instance.backward);
                return output;
            }

            /// <summary>The output; a new tensor. No gradients are recorded meanwhile.</summary>
            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>A gradient for each argument of forward; null for what has none.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);
        }

        /// <summary>The managed half of a node in libtorch's graph; lives as long as the node.</summary>
        private sealed unsafe class FunctionNode
        {
            private readonly string _name;
            private readonly AutogradContext _context;
            private readonly Func<AutogradContext, Tensor, List<Tensor>> _backward;
            private readonly bool[] _isTensor;

            private FunctionNode(string name, AutogradContext context, Func<AutogradContext, Tensor, List<Tensor>> backward, bool[] isTensor)
            {
                _name = name;
                _context = context;
                _backward = backward;
                _isTensor = isTensor;
            }

            public static void Attach(string name, Tensor output, object[] arguments, AutogradContext context, Func<AutogradContext, Tensor, List<Tensor>> backward)
            {
                var node = new FunctionNode(name, context, backward, Array.ConvertAll(arguments, argument => argument is Tensor));
                var (saved, inputs) = (context.Saved, arguments.OfType<Tensor>().ToArray());
                nint[] inputHandles = Array.ConvertAll(inputs, input => input.Handle), savedHandles = [.. saved.Select(tensor => tensor.Handle)];
                context.Saved = []; // libtorch keeps them
                nint own = GCHandle.ToIntPtr(GCHandle.Alloc(node));
                var attached = 0;
                try
                {
                    fixed (nint* inputsAt = inputHandles, savedAt = savedHandles)
                    {
                        attached = Shim.torchshim_function_attach(
                            output.Handle, inputsAt, inputHandles.Length, savedAt, savedHandles.Length, name, &Backward, &Release, own);
                    }

                    Shim.Check(attached);
                }
                finally
                {
                    if (attached <= 0)
                    {
                        GCHandle.FromIntPtr(own).Free();
                    }

                    GC.KeepAlive(output);
                    GC.KeepAlive(inputs);
                    GC.KeepAlive(saved);
                }
            }

            [UnmanagedCallersOnly]
            private static int Backward(nint own, nint gradient, nint* saved, int savedCount, nint* results, int count)
            {
                try
                {
                    using var scope = NewDisposeScope();
                    var gradientOfOutput = new Tensor(gradient);
                    var kept = new List<Tensor>(savedCount);
                    for (int i = 0; i < savedCount; i++)
                    {
                        kept.Add(new Tensor(saved[i]));
                    }

                    ((FunctionNode)GCHandle.FromIntPtr(own).Target!).Run(gradientOfOutput, kept, new Span<nint>(results, count));
                    return 0;
                }
                catch (Exception error)
                {
                    Shim.torchshim_set_error(error.Message);
                    return -1;
                }
            }

            [UnmanagedCallersOnly]
            private static void Release(nint own) => GCHandle.FromIntPtr(own).Free();

            private void Run(Tensor gradient, List<Tensor> saved, Span<nint> results)
            {
                _context.Saved = saved;
                var gradients = _backward(_context, gradient);
                _context.Saved = [];
                if (gradients.Count != _isTensor.Length)
                {
                    throw new InvalidOperationException($"{_name}: backward returned {gradients.Count} gradients for {_isTensor.Length} arguments of forward");
                }

                int next = 0;
                for (int i = 0; i < _isTensor.Length; i++)
                {
                    if (_isTensor[i])
                    {
                        results[next++] = gradients[i] is { } found ? Shim.Check(Shim.torchshim_tensor_alias(found.Handle)) : 0;
                    }
                }
            }
        }
    }
}
