using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

[Collection(TorchCollection.Name)]
public sealed class IndexingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static Tensor Cube() => arange(24).view(2, 3, 4);

    private static long[] Items(Tensor tensor) => tensor.contiguous().data<long>().ToArray();

    [Fact]
    public void Get_NumbersSlicesAndEllipsis()
    {
        var x = Cube();
        Assert.Equal(17L, x[1, 1, 1].item<long>());
        Assert.Equal(23L, x[-1, -1, -1].item<long>());
        Assert.Equal([3, 4], x[0].shape);
        Assert.Equal([0L, 4, 8, 12, 16, 20], Items(x[TensorIndex.Ellipsis, 0]));
        Assert.Equal([4L, 5, 6, 7], Items(x[0, 1, TensorIndex.Colon]));
        Assert.Equal([5L, 6], Items(x[0, 1, 1..3]));
        Assert.Equal([6L, 7], Items(x[0, 1, 2..]));
        Assert.Equal([7L], Items(x[0, 1, ^1..]));
        Assert.Equal([4L, 5, 6], Items(x[0, 1, ..^1]));
        Assert.Equal([0L, 2], Items(x[0, 0, TensorIndex.Slice(step: 2)]));
        Assert.Equal([2, 1, 3, 4], x[TensorIndex.Colon, TensorIndex.None].shape);
    }

    [Fact]
    public void Get_IndexTensorsAndMasks()
    {
        var x = Cube();
        Assert.Equal([2, 2, 4], x[TensorIndex.Colon, tensor(new long[] { 2, 0 })].shape);
        Assert.Equal([8L, 16], Items(x[tensor(new long[] { 0, 1 }), tensor(new long[] { 2, 1 }), 0]));
        Assert.Equal([22L, 23], Items(x[x > 21]));
        Assert.Equal([1L, 5, 9], Items(x[0][TensorIndex.Colon, tensor(new[] { false, true, false, false })].reshape(-1)));
    }

    [Fact]
    public void Set_WritesThroughTheView()
    {
        var x = Cube();
        x[0, 0] = tensor(new long[] { -1, -2, -3, -4 });
        x[1, TensorIndex.Colon, 1..3] = tensor(0L);
        x[x == 12] = tensor(99L);
        Assert.Equal([-1L, -2, -3, -4, 4, 5, 6, 7, 8, 9, 10, 11, 99, 0, 0, 15, 16, 0, 0, 19, 20, 0, 0, 23], Items(x));
    }

    [Fact]
    public void NamedForms_MatchTheirDefinitions()
    {
        var x = Cube()[0].clone();
        var rows = tensor(new long[] { 2, 0 });
        Assert.Equal([8L, 9, 10, 11, 0, 1, 2, 3], Items(x.index_select(0, rows)));
        Assert.Equal([3L, 4], Items(x.gather(1, tensor(new long[,] { { 3 }, { 0 } })).reshape(-1)));
        Assert.Equal([0L, 7, 0, 0], Items(zeros(4, int64).scatter_(0, tensor(new long[] { 1 }), tensor(new long[] { 7 }))));
        Assert.Equal([0L, 9, 0, 0], Items(zeros(4, int64).scatter_add_(0, tensor(new long[] { 1, 1 }), tensor(new long[] { 4, 5 }))));
        Assert.Equal([0L, 0, 3, 4], Items(zeros(2, 2, int64).index_copy_(0, tensor(new long[] { 1 }), tensor(new long[,] { { 3, 4 } })).reshape(-1)));
        Assert.Equal([0L, 0, 6, 8], Items(zeros(2, 2, int64).index_add_(0, tensor(new long[] { 1, 1 }), tensor(new long[,] { { 3, 4 }, { 3, 4 } }), 1).reshape(-1)));
        Assert.Equal([-1L, 1, -1, 3], Items(arange(4).masked_fill(arange(4) % 2 == 0, -1)));
        Assert.Equal([1L, 3], Items(arange(4).masked_select(arange(4) % 2 == 1)));
        Assert.Equal([0L, 9, 2, 9], Items(where(arange(4) % 2 == 0, arange(4), full([4], 9))));
        Assert.Equal([1L, 3], Items(tensor(new long[] { 0, 5, 0, 5 }).nonzero().reshape(-1)));
        Assert.Equal([1L, 2, 0, 0, 5, 0], Items(zeros(6, int64).index_put_(tensor(new long[] { 1, 2, 5 }), tensor(new long[] { 0, 1, 4 }))));
        Assert.Equal([2L], Items(zeros(1, int64).index_put_(tensor(new long[] { 1, 1 }), [tensor(new long[] { 0, 0 })], accumulate: true)));
        Assert.Equal([0L, 0, 0, 3, 4, 0, 6, 7, 8], Items(arange(9).view(3, 3).tril().reshape(-1)));
        Assert.Throws<ArgumentException>(() => x[0, 0, 0, TensorIndex.Colon]);
        Assert.ThrowsAny<Exception>(() => x[0, 0, 0]);
    }
}
