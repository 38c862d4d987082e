using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A tensor of libtorch. <see cref="Handle"/> is an <c>at::Tensor*</c> that this object owns.</summary>
    public partial class Tensor : IDisposable
    {
        private static long s_totalCount;
        private static long s_peakCount;

        internal nint handle;
        internal int ScopeSlot;

        internal Tensor(nint handle)
        {
            this.handle = handle;
            long total = Interlocked.Increment(ref s_totalCount);
            if (total > s_peakCount)
            {
                s_peakCount = total;
            }

            DisposeScopeManager.Current?.Add(this);
        }

        ~Tensor() => Release();

        /// <summary>Tensor objects that are alive.</summary>
        public static long TotalCount => s_totalCount;

        public static long PeakCount => s_peakCount;

        public string? name { get; set; }

        public bool IsInvalid => handle == 0;

        public nint Handle => handle != 0 ? handle : throw new InvalidOperationException("Tensor invalid -- empty handle.");

        internal DisposeScope? OwningDisposeScope { get; set; }

        public void Dispose()
        {
            OwningDisposeScope?.MarkAsDisposed(this);
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing) => Release();

        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            OwningDisposeScope?.MoveToOther(other, this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(IDisposable? other) =>
            other is Tensor tensor ? MoveToOtherDisposeScope(tensor.OwningDisposeScope) : MoveToOtherDisposeScope(other as DisposeScope);

        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        /// <summary>Another object for the same tensor; both are disposed on their own.</summary>
        public Tensor alias()
        {
            nint other = Shim.torchshim_tensor_alias(Handle);
            GC.KeepAlive(this);
            return new Tensor(other);
        }

        /// <summary>Gives the native tensor away: the caller owns the handle from here on.</summary>
        public nint DecoupleFromNativeHandle()
        {
            nint owned = Handle;
            OwningDisposeScope?.MarkAsDisposed(this);
            GC.SuppressFinalize(this);
            Interlocked.Decrement(ref s_totalCount);
            handle = 0;
            return owned;
        }

        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        public bool Equals(Tensor other) => ReferenceEquals(this, other) || (shape.AsSpan().SequenceEqual(other.shape) && dtype == other.dtype && device == other.device && Aten.equal.CallBool(this, other));

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        private void Release()
        {
            nint owned = Interlocked.Exchange(ref handle, 0);
            if (owned != 0)
            {
                Interlocked.Decrement(ref s_totalCount);
                Shim.torchshim_tensor_free(owned);
            }
        }
    }
}
