using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>A tensor that a module registers as its own and an optimizer changes; outside of all dispose scopes.</summary>
    public sealed class Parameter : Tensor
    {
        public Parameter(Tensor data, bool requires_grad = true)
            : base(Adopt(data))
        {
            DetachFromDisposeScope();
            requires_grad_(requires_grad);
        }

        /// <summary>A leaf with the tensor's memory.</summary>
        private static nint Adopt(Tensor data)
        {
            using var leaf = data.detach();
            return leaf.DecoupleFromNativeHandle();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}
