using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

/// <summary>What a call costs beyond libtorch's own work; the time is printed, and what a call allocates, which is the same on every machine, is held to a bound.</summary>
[Collection(TorchCollection.Name)]
public sealed class OverheadTests(ITestOutputHelper output)
{
    [Fact]
    public void SmallOperators_CostFewMicroseconds()
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var x = zeros(4);
        var y = ones(4);
        var weight = randn(4, 4);
        Scalar one = 1f;
        Report("add_ of a tensor", () => x.add_(y));
        Report("add_ of a number", () => x.add_(one));
        Report("add, disposed", () => x.add(y).Dispose());
        Report("view, disposed", () => x.view(2, 2).Dispose());
        Report("linear, disposed", () => nn.functional.linear(x, weight).Dispose());
        Report("shape", () => _ = x.shape);
        Report("indexing x[0, 1..3], disposed", () => weight[0, 1..3].Dispose());
        Report("item", () => _ = x[0].item<float>());
    }

    private void Report(string name, Action action)
    {
        const int Rounds = 5, Calls = 20_000;
        double best = double.MaxValue;
        long allocated = 0;
        for (int round = 0; round < Rounds; round++)
        {
            using var scope = NewDisposeScope();
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls; i++)
            {
                action();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Calls);
            allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
        }

        output.WriteLine($"{name,-32} {best,8:F0} ns  {allocated,4} B");
        Assert.InRange(allocated, 0, 512);
    }
}
