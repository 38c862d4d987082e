using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

[Collection(TorchCollection.Name)]
public sealed class RandomTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Seed_RepeatsTheNumbers()
    {
        using var generator = new Generator(7);
        var first = randn(100, generator: generator);
        generator.manual_seed(7);
        Assert.Equal(7, generator.initial_seed());
        Assert.True(first.equal(randn(100, generator: generator)));
        Assert.False(first.equal(randn(100, generator: generator)));
        using var twin = new Generator(7);
        Assert.True(first.equal(empty(100).normal_(generator: twin)));
    }

    [Fact]
    public void State_RoundTripsThroughBytes()
    {
        using var generator = new Generator(1);
        _ = rand(13, generator: generator);
        byte[] saved = generator.get_state().bytes.ToArray();
        var expected = rand(10, generator: generator);
        using var other = new Generator();
        other.set_state(tensor(saved));
        Assert.True(expected.equal(rand(10, generator: other)));
    }

    [Fact]
    public void DefaultGenerator_HasASaveableState()
    {
        var state = get_rng_state();
        var expected = rand(5);
        set_rng_state(state);
        Assert.True(expected.equal(rand(5)));
    }

    [Fact]
    public void Distributions_HaveTheirMoments()
    {
        using var generator = new Generator(5);
        Assert.InRange(empty(20000).uniform_(2, 4, generator).mean().item<float>(), 2.95f, 3.05f);
        Assert.InRange(full(20000, 0.3, float64).bernoulli(generator).mean().item<double>(), 0.28, 0.32);
        var picks = tensor(new[] { 0f, 1f, 3f }).multinomial(20000, replacement: true, generator);
        Assert.InRange(picks.eq(2).to(float32).mean().item<float>(), 0.73f, 0.77f);
        Assert.Equal(0, picks.eq(0).sum().item<long>());
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), randperm(50, generator: generator).sort().Values.data<long>().ToArray());
        Assert.InRange(randint(3, 6, [1000], generator: generator).max().item<long>(), 5, 5);
    }
}
