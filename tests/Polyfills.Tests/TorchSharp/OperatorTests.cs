using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

[Collection(TorchCollection.Name)]
public sealed class OperatorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static Tensor T(params float[] values) => tensor(values);

    private static void Same(float[] expected, Tensor actual, float tolerance = 1e-6f)
    {
        var values = actual.to(float32).data<float>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - values[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])) || expected[i].Equals(values[i]), $"[{string.Join(", ", values)}]");
        }
    }

    [Fact]
    public void Arithmetic_WithTensorsAndNumbers()
    {
        var x = T(1, 2, 3);
        Same([2, 4, 6], x + x);
        Same([2, 3, 4], x + 1);
        Same([0.5f, 0, -0.5f], 0.5 * (2 - x));
        Same([1, 1, 1], x / x);
        Same([6, 3, 2], 6 / x);
        Same([1, 0, 1], x % 2);
        Same([-1, -2, -3], -x);
        Same([1, 4, 9], x.pow(2));
        Same([2, 4, 8], torch.pow(2, x));
        Same([1.5f, 3, 4.5f], x.add(x, alpha: 0.5));
        Same([0, 1, 1], x.div(2, RoundingMode.floor));
        Same([2, 2, 3], x.clamp(min: 2));
        Same([1, 2, 2], x.clamp(max: 2));
        Same([2, 3, 4], x.lerp(x + 2, 0.5));
        Same([3, 6, 11], x.addcmul(x, x, 1).add(T(1, 0, -1)));
        Assert.Equal([1L, 2, 3], (x.to(int64) + 0).data<long>().ToArray());
    }

    [Fact]
    public void InPlace_ChangesAndReturnsTheTensor()
    {
        var x = T(1, 2, 3);
        Assert.Same(x, x.add_(1).mul_(2).sub_(1).div_(3));
        Same([1, 5 / 3f, 7 / 3f], x);
        x.copy_(T(4, 5, 6));
        Same([4, 5, 6], x);
        Same([0, 0, 0], x.zero_());
        Same([9, 9, 9], x.fill_(9));
        Same([9 + 2 * 3, 11, 13], x.addcmul_(T(2, 1, 2), T(3, 2, 2), 1));
        Same([1, 2, 3], x.copy_(T(1, 2, 3)).clamp_(min: 0));
        Same([1.5f, 2.5f, 3.5f], x.lerp_(T(2, 3, 4), 0.5));
    }

    [Fact]
    public void Functions_OfOneTensor()
    {
        var x = T(0.5f, 1, 2);
        Same([MathF.Exp(0.5f), MathF.E, MathF.Exp(2)], x.exp());
        Same([MathF.Log(0.5f), 0, MathF.Log(2)], x.log());
        Same([MathF.Sqrt(0.5f), 1, MathF.Sqrt(2)], x.sqrt());
        Same([1 / MathF.Sqrt(0.5f), 1, 1 / MathF.Sqrt(2)], x.rsqrt());
        Same([MathF.Sin(0.5f), MathF.Sin(1), MathF.Sin(2)], x.sin());
        Same([MathF.Cos(0.5f), MathF.Cos(1), MathF.Cos(2)], x.cos());
        Same([MathF.Tanh(0.5f), MathF.Tanh(1), MathF.Tanh(2)], x.tanh());
        Same([0.62245935f, 0.7310586f, 0.880797f], x.sigmoid());
        Same([0.31122968f, 0.7310586f, 1.761594f], nn.functional.silu(x));
        Same([1, 0, 0], T(float.NaN, 1, float.PositiveInfinity).isnan());
        Same([0, 1, 0], T(float.NaN, 1, float.PositiveInfinity).isfinite());
    }

    [Fact]
    public void Reductions_OverAllOrSomeDimensions()
    {
        var x = T(1, 5, 3, 4, 2, 6).view(2, 3);
        Same([21], x.sum());
        Same([5, 7, 9], x.sum(0L));
        Same([9, 12], x.sum(-1, keepdim: true));
        Same([21], x.sum([0L, 1]));
        Same([3.5f], x.mean());
        Same([3, 4], x.mean([1L]));
        Same([6], x.max());
        var (values, indices) = x.max(1);
        Same([5, 6], values);
        Assert.Equal([1L, 2], indices.data<long>().ToArray());
        Assert.Equal([1L, 2], x.argmax(1).data<long>().ToArray());
        Assert.Equal([0L, 1], x.argmin(1).data<long>().ToArray());
        Same([5, 6], x.amax([1L]));
        Same([MathF.Log(MathF.Exp(1) + MathF.Exp(5) + MathF.Exp(3)), MathF.Log(MathF.Exp(4) + MathF.Exp(2) + MathF.Exp(6))], x.logsumexp(1), 1e-5f);
        Same([1, 6, 9, 4, 6, 12], x.cumsum(1));
        Same([MathF.Sqrt(91)], x.norm());
        Same([MathF.Sqrt(35), MathF.Sqrt(56)], x.norm(1));
        Same([3.5f], x.var());
        Assert.True(x.gt(0).all().item<bool>());
        Assert.False(x.gt(6).any().item<bool>());
        Assert.Equal(6L, x.count_nonzero().item<long>());
        var (top, where) = x.topk(2);
        Same([5, 3, 6, 4], top);
        Assert.Equal([1L, 2, 2, 0], where.data<long>().ToArray());
        var (sorted, order) = x.sort(descending: true, stable: true);
        Same([5, 3, 1, 6, 4, 2], sorted);
        Assert.Equal([1L, 2, 0, 2, 0, 1], order.data<long>().ToArray());
    }

    [Fact]
    public void Products_OfMatrices()
    {
        var a = arange(6, float32).view(2, 3);
        var b = arange(6, float32).view(3, 2);
        Same([10, 13, 28, 40], a.matmul(b));
        Same([10, 13, 28, 40], a.mm(b));
        Same([10, 13, 28, 40], einsum("ij,jk->ik", a, b));
        Same([10, 13, 28, 40], a.unsqueeze(0).bmm(b.unsqueeze(0)));
        Same([11, 14, 29, 41], ones(2, 2).addmm(a, b));
        Same([5.5f, 7, 14.5f, 20.5f], ones(1, 2, 2).baddbmm(a.unsqueeze(0), b.unsqueeze(0), beta: 0.5f, alpha: 0.5f));
        Same([5, 14, 14, 50], nn.functional.linear(a, a));
        Same([6, 16, 15, 52], nn.functional.linear(a, a, T(1, 2)));
        Same([14], T(1, 2, 3).dot(T(1, 2, 3)));
    }

    [Fact]
    public void Comparisons_GiveBooleans()
    {
        var x = T(1, 2, 3);
        Assert.Equal([false, true, true], (x >= 2).data<bool>().ToArray());
        Assert.Equal([true, false, false], (2 > x).data<bool>().ToArray());
        Assert.Equal([false, true, false], (x == 2).data<bool>().ToArray());
        Assert.Equal([true, false, true], (x != T(0, 2, 0)).data<bool>().ToArray());
        Assert.Equal([false, true, false], ((x > 1) & (x < 3)).data<bool>().ToArray());
        Assert.Equal([true, false, true], (~(x == 2)).data<bool>().ToArray());
        Assert.True(x.allclose(x + 1e-9));
        Assert.True(x.equal(x.clone()));
        Assert.Same(typeof(bool), x.equal(x).GetType());
    }

    [Fact]
    public void Losses_MatchTheirDefinitions()
    {
        var logits = T(1, 2, 3, 1, 1, 1).view(2, 3);
        var target = tensor(new long[] { 2, -100 });
        float expected = -3 + MathF.Log(MathF.Exp(1) + MathF.Exp(2) + MathF.Exp(3));
        Same([expected], nn.functional.cross_entropy(logits, target));
        Same([expected, 0], nn.functional.cross_entropy(logits, target, reduction: nn.Reduction.None));
        Same([expected], nn.functional.nll_loss(nn.functional.log_softmax(logits, -1), target));
        var p = T(0.2f, 0.8f);
        var q = T(0.5f, 0.5f);
        float kl = 0.2f * MathF.Log(0.4f) + 0.8f * MathF.Log(1.6f);
        Same([kl], nn.functional.kl_div(q.log(), p, log_target: false, reduction: nn.Reduction.Sum));
        Same([kl], nn.functional.kl_div(q.log(), p.log(), log_target: true, reduction: nn.Reduction.Sum));
        Same([0.09f], nn.functional.mse_loss(p, q));
    }

    [Fact]
    public void Layers_MatchTheirDefinitions()
    {
        var table = arange(6, float32).view(3, 2);
        Same([4, 5, 0, 1], nn.functional.embedding(tensor(new long[] { 2, 0 }), table));
        Same([-1.2247356f, 0, 1.2247356f], nn.functional.layer_norm(T(1, 2, 3), [3]), 1e-4f);
        Same([0, 1, 2, 0], nn.functional.pad(T(1, 2), [1, 1]));
        Same([0.09003057f, 0.24472848f, 0.66524094f], nn.functional.softmax(T(1, 2, 3), 0));
        Same([1, 2, 3], nn.functional.dropout(T(1, 2, 3), 0.5, training: false));
        manual_seed(1);
        var dropped = nn.functional.dropout(ones(1000), 0.5);
        Assert.All(dropped.data<float>().ToArray(), value => Assert.True(value is 0 or 2));
        Assert.InRange(dropped.mean().item<float>(), 0.85f, 1.15f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Attention_MatchesTheWrittenOutForm(bool causal)
    {
        manual_seed(3);
        var (q, k, v) = (randn(2, 4, 5, 8), randn(2, 4, 5, 8), randn(2, 4, 5, 8));
        var scores = q.matmul(k.transpose(-2, -1)) / Math.Sqrt(8);
        var mask = ones(5, 5, @bool).tril();
        var expected = (causal ? scores.masked_fill(~mask, float.NegativeInfinity) : scores).softmax(-1).matmul(v);
        Assert.True(nn.functional.scaled_dot_product_attention(q, k, v, is_casual: causal).allclose(expected, 1e-4, 1e-5));
        if (causal)
        {
            Assert.True(nn.functional.scaled_dot_product_attention(q, k, v, mask).allclose(expected, 1e-4, 1e-5));
            var bias = zeros(5, 5).masked_fill(~mask, float.NegativeInfinity);
            Assert.True(nn.functional.scaled_dot_product_attention(q, k, v, bias).allclose(expected, 1e-4, 1e-5));
        }
    }
}
