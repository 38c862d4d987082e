using TorchSharp;
using TorchSharp.Interop;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

[Collection(TorchCollection.Name)]
public sealed class LifetimeTests
{
    [Fact]
    public void Scope_DisposesWhatWasCreatedInIt()
    {
        Tensor kept, inner;
        using (var outer = NewDisposeScope())
        {
            using (var scope = NewDisposeScope())
            {
                inner = ones(2);
                kept = (inner + 1).MoveToOuterDisposeScope();
                Assert.Equal(1, scope.DisposablesCount);
            }

            Assert.True(inner.IsInvalid);
            Assert.False(kept.IsInvalid);
            Assert.Equal(1, outer.DisposablesCount);
        }

        Assert.True(kept.IsInvalid);
    }

    [Fact]
    public void Scope_DetachMoveAndKeep()
    {
        Tensor detached, moved, last;
        using (var other = NewDisposeScope())
        {
            using (var scope = NewDisposeScope())
            {
                detached = ones(1).DetachFromDisposeScope();
                moved = ones(1).MoveToOtherDisposeScope(other);
                var (a, b) = (ones(1), ones(1));
                scope.DisposeEverythingBut(b);
                Assert.True(a.IsInvalid);
                Assert.False(b.IsInvalid);
                last = scope.MoveToOuter(b);
            }

            Assert.Equal(2, other.DisposablesCount);
            last.Dispose();
            Assert.Equal(1, other.DisposablesCount);
        }

        Assert.True(moved.IsInvalid);
        Assert.False(detached.IsInvalid);
        detached.Dispose();
    }

    [Fact]
    public void NativeTensors_AllGoBack()
    {
        Collect();
        long before = Shim.torchshim_live_handles();
        using (NewDisposeScope())
        {
            var weight = randn(8, 8).requires_grad_();
            for (int i = 0; i < 20; i++)
            {
                using var step = NewDisposeScope();
                var loss = nn.functional.cross_entropy(randn(4, 8).matmul(weight)[1..3], tensor(new long[] { 1, 2 }));
                loss.backward();
                _ = weight.grad!.split(2);
            }
        }

        Collect();
        Assert.Equal(before, Shim.torchshim_live_handles());
    }

    [Fact]
    public void Finalizers_FreeWhatNobodyDisposed()
    {
        Collect();
        long before = Shim.torchshim_live_handles();
        Forget();
        Collect();
        Assert.Equal(before, Shim.torchshim_live_handles());

        static void Forget()
        {
            for (int i = 0; i < 100; i++)
            {
                _ = ones(10) + 1;
            }
        }
    }

    [Fact]
    public void Errors_LeakNothing()
    {
        Collect();
        long before = Shim.torchshim_live_handles();
        using (NewDisposeScope())
        {
            Assert.ThrowsAny<Exception>(() => zeros(2).view(3));
        }

        Collect();
        Assert.Equal(before, Shim.torchshim_live_handles());
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
