using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get => Facts.RequiresGrad;
            set => requires_grad_(value);
        }

        public bool is_leaf => Facts.IsLeaf;

        /// <summary>The gradient that backward has gathered, or null.</summary>
        public Tensor? grad
        {
            get
            {
                nint found = Shim.torchshim_tensor_grad(Handle);
                GC.KeepAlive(this);
                return found == 0 ? null : new Tensor(found);
            }

            set
            {
                Shim.Check(Shim.torchshim_tensor_set_grad(Handle, value?.Handle ?? 0));
                GC.KeepAlive(this);
                GC.KeepAlive(value);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            Shim.Check(Shim.torchshim_tensor_set_requires_grad(Handle, requires_grad ? 1 : 0));
            GC.KeepAlive(this);
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        public void retain_grad() => Aten.retain_grad.Invoke(this);

        public void backward() => autograd.backward([this]);

        public void backward(IList<Tensor>? grad_tensors = null, bool create_graph = false, bool retain_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, create_graph, retain_graph, inputs);

        public Tensor detach() => Aten.detach.Call(this);

        public Tensor detach_()
        {
            Aten.detach_.Invoke(this);
            return this;
        }

        public Tensor set_(Tensor source)
        {
            Shim.Check(Shim.torchshim_tensor_set_data(Handle, source.Handle));
            GC.KeepAlive(this);
            GC.KeepAlive(source);
            return this;
        }
    }

    public static partial class autograd
    {
        /// <summary>Gathers the gradients of the tensors with respect to the graph's leaves in their grad.</summary>
        public static unsafe void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool create_graph = false, bool retain_graph = false, IList<Tensor>? inputs = null)
        {
            var roots = Handles(tensors);
            var gradients = Handles(grad_tensors);
            var leaves = Handles(inputs);
            fixed (nint* rootsAt = roots, gradientsAt = gradients, leavesAt = leaves)
            {
                Shim.Check(Shim.torchshim_backward(
                    rootsAt, gradientsAt, roots!.Length, retain_graph || create_graph ? 1 : 0, create_graph ? 1 : 0, leavesAt, leaves?.Length ?? 0));
            }

            GC.KeepAlive(tensors);
            GC.KeepAlive(grad_tensors);
            GC.KeepAlive(inputs);
        }

        /// <summary>The gradients of the outputs with respect to the inputs; an unused input (where allowed) has none.</summary>
        public static unsafe IList<Tensor> grad(
            IList<Tensor> outputs,
            IList<Tensor> inputs,
            IList<Tensor>? grad_outputs = null,
            bool retain_graph = false,
            bool create_graph = false,
            bool allow_unused = false)
        {
            var roots = Handles(outputs);
            var gradients = Handles(grad_outputs);
            var leaves = Handles(inputs);
            var results = new nint[leaves!.Length];
            fixed (nint* rootsAt = roots, gradientsAt = gradients, leavesAt = leaves, resultsAt = results)
            {
                Shim.Check(Shim.torchshim_grad(
                    rootsAt, gradientsAt, roots!.Length, leavesAt, leaves.Length, retain_graph || create_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, resultsAt));
            }

            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(grad_outputs);
            return Array.ConvertAll(results, found => found == 0 ? null! : new Tensor(found));
        }

        private static nint[]? Handles(IList<Tensor>? tensors) => tensors?.Select(tensor => tensor?.Handle ?? 0).ToArray();
    }
}
