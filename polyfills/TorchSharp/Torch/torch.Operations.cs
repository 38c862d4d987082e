using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => Aten.cat.Call(Several(tensors), dim);

    public static Tensor concat(IList<Tensor> tensors, long dim = 0) => cat(tensors, dim);

    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => Aten.stack.Call(Several(tensors), dim);

    public static Tensor hstack(params Tensor[] tensors) => cat(tensors, tensors[0].Dimensions < 2 ? 0 : 1);

    public static Tensor vstack(params Tensor[] tensors) => cat(tensors, 0);

    public static Tensor[] split(Tensor tensor, long split_size, long dim = 0) => tensor.split(split_size, dim);

    public static Tensor[] split(Tensor tensor, long[] split_sizes, long dim = 0) => tensor.split(split_sizes, dim);

    public static Tensor[] chunk(Tensor input, long chunks, long dim = 0) => input.chunk(chunks, dim);

    public static Tensor[] unbind(Tensor input, long dim = 0) => input.unbind(dim);

    public static IList<Tensor> broadcast_tensors(params Tensor[] tensors) => Aten.broadcast_tensors.CallList(tensors);

    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Aten.where.Call(condition, x, y);

    public static Tensor[] where(Tensor condition) => Aten.where_indices.CallList(condition);

    public static Tensor einsum(string equation, params Tensor[] tensors) => Aten.einsum.Call(equation, tensors);

    public static Tensor addcmul(Tensor input, Tensor tensor1, Tensor tensor2, Scalar value) => input.addcmul(tensor1, tensor2, value);

    public static Tensor addcdiv(Tensor input, Tensor tensor1, Tensor tensor2, Scalar value) => input.addcdiv(tensor1, tensor2, value);

    public static Tensor pow(Scalar @base, Tensor exponent) => Aten.pow_base.Call(@base, exponent);

    public static Tensor searchsorted(Tensor sorted_sequence, Tensor values, bool out_int32 = false, bool right = false, Tensor? sorter = null) =>
        Aten.searchsorted.Call(sorted_sequence, values, out_int32, right, Argument.None, sorter);

    public static Tensor bucketize(Tensor input, Tensor boundaries, bool outInt32 = false, bool right = false) =>
        Aten.bucketize.Call(input, boundaries, outInt32, right);

    public static Tensor isin(Tensor elements, Tensor test_elements, bool assumeUnique = false, bool invert = false) =>
        Aten.isin.Call(elements, test_elements, assumeUnique, invert);

    public static Tensor bernoulli(Tensor input, Generator? generator = null) => input.bernoulli(generator);

    public static Tensor multinomial(Tensor input, long num_samples, bool replacement = false, Generator? generator = null) =>
        input.multinomial(num_samples, replacement, generator);

    public static Tensor normal(Tensor mean, Tensor stddev, Generator? generator = null)
    {
        using var noise = randn(mean.shape, mean.dtype, mean.device, generator: generator);
        return mean.addcmul(noise, stddev, 1);
    }

    public static Tensor normal(double mean, double std, ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(empty(size, dtype, device, names: names).normal_(mean, std, generator), requires_grad);

    public static Tensor quantile(Tensor input, Tensor q, long dim = -1, bool keepdim = false) => Aten.quantile.Call(input, q, dim, keepdim);

    public static Tensor histc(Tensor input, long bins = 100, long min = 0, long max = 0) => Aten.histc.Call(input, bins, min, max);

    /// <summary>The dtype that an operation of the two types gives.</summary>
    public static ScalarType promote_types(ScalarType type1, ScalarType type2)
    {
        using var first = empty(new long[] { 1 }, type1);
        using var second = empty(new long[] { 1 }, type2);
        using var together = cat([first, second]);
        return together.dtype;
    }

    private static Tensor[] Several(IEnumerable<Tensor> tensors)
    {
        var several = tensors as Tensor[] ?? [.. tensors];
        return several.Length > 0 ? several : throw new ArgumentException("expected a non-empty list of tensors", nameof(tensors));
    }
}
