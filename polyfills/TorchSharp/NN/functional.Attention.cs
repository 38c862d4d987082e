using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>
            /// softmax(q kᵀ / √d + mask) v over [.., length, d]. A Boolean mask is true where a key may be seen. (The last parameter's spelling is the published one.)
            /// </summary>
            public static Tensor scaled_dot_product_attention(
                Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0.0, bool is_casual = false) =>
                Aten.scaled_dot_product_attention.Exists
                    ? Aten.scaled_dot_product_attention.Call(query, key, value, attn_mask, p, is_casual)
                    : WrittenOut(query, key, value, attn_mask, p, is_casual);

            /// <summary>For a libtorch before 2.0, which has no public operator for it.</summary>
            private static Tensor WrittenOut(Tensor query, Tensor key, Tensor value, Tensor? mask, double p, bool causal)
            {
                if (causal && mask is not null)
                {
                    throw new ArgumentException("attn_mask and is_casual exclude each other");
                }

                using var scope = NewDisposeScope();
                var scaled = query * (1 / Math.Sqrt(query.size(-1)));
                var scores = scaled.matmul(key.transpose(-2, -1));
                if (causal)
                {
                    mask = ones(query.size(-2), key.size(-2), ScalarType.Bool, query.device).tril();
                }

                if (mask is not null)
                {
                    scores = mask.dtype == ScalarType.Bool ? scores.masked_fill(mask.logical_not(), double.NegativeInfinity) : scores + mask;
                }

                var weights = scores.softmax(-1);
                if (p > 0)
                {
                    weights = dropout(weights, p);
                }

                return weights.matmul(value).MoveToOuterDisposeScope();
            }
        }
    }
}
