using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class utils
        {
            /// <summary>Scales the gradients down so that the norm of them all is max_norm at most; returns the norm before.</summary>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2.0)
            {
                using var mode = no_grad();
                using var scope = NewDisposeScope();
                Tensor[] gradients = [.. tensors.Select(tensor => tensor.grad).OfType<Tensor>()];
                if (gradients.Length == 0)
                {
                    return 0;
                }

                using var total = linalg.vector_norm(stack(gradients.Select(gradient => linalg.vector_norm(gradient, norm_type))), norm_type);
                double norm = total.to(ScalarType.Float64).item<double>();
                double scale = max_norm / (norm + 1e-6);
                if (scale < 1)
                {
                    Interop.Aten.foreach_mul__Scalar.Invoke(gradients, scale);
                }

                return norm;
            }

            public static void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                using var mode = no_grad();
                foreach (var tensor in tensors)
                {
                    using var gradient = tensor.grad;
                    gradient?.clamp_(-clip_value, clip_value);
                }
            }
        }
    }
}
