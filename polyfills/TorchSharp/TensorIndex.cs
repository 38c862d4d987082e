namespace TorchSharp;

internal enum IndexKind
{
    None,
    Single,
    Null,
    Slice,
    Tensor,
    Bool,
    Ellipsis,
}

public static partial class torch
{
    /// <summary>One position of an index expression.</summary>
    public class TensorIndex
    {
        internal readonly IndexKind Kind;
        internal readonly long? StartOrValue;
        internal readonly long? Stop;
        internal readonly long? Step;
        internal readonly Tensor? Gathered;

        private TensorIndex(IndexKind kind, long? startOrValue = null, long? stop = null, long? step = null, Tensor? gathered = null)
        {
            Kind = kind;
            StartOrValue = startOrValue;
            Stop = stop;
            Step = step;
            Gathered = gathered;
        }

        /// <summary>The whole rest of the dimensions that no other index names.</summary>
        public static TensorIndex Ellipsis { get; } = new(IndexKind.Ellipsis);

        /// <summary>The whole dimension.</summary>
        public static TensorIndex Colon { get; } = new(IndexKind.Slice);

        /// <summary>A new dimension of size one.</summary>
        public static TensorIndex Null { get; } = new(IndexKind.Null);

        public static TensorIndex None => Null;

        /// <summary>Dimensions of the indexed tensor that this index speaks about.</summary>
        internal long Consumes => Kind switch
        {
            IndexKind.Single or IndexKind.Slice => 1,
            IndexKind.Tensor => Gathered!.dtype == ScalarType.Bool ? Gathered.Dimensions : 1,
            _ => 0,
        };

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new(IndexKind.Slice, start, stop, step);

        public static TensorIndex Slice((int? start, int? end) range) => Slice(range.start, range.end);

        public static TensorIndex Slice(Range range) => range;

        public static TensorIndex Bool(bool value) => new(IndexKind.Bool, value ? 1 : 0);

        public static TensorIndex Single(long index) => new(IndexKind.Single, index);

        public static TensorIndex Tensor(Tensor tensor) => new(IndexKind.Tensor, gathered: tensor);

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex(int value) => Single(value);

        public static implicit operator TensorIndex(Tensor tensor) => Tensor(tensor);

        public static implicit operator TensorIndex((long? start, long? end) range) => Slice(range.start, range.end);

        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range.start, range.end);

        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);

        public static implicit operator TensorIndex(Range range) => Slice(
            range.Start.IsFromEnd ? (range.Start.Value == 0 ? long.MaxValue : -range.Start.Value) : range.Start.Value,
            range.End.IsFromEnd ? (range.End.Value == 0 ? null : -range.End.Value) : range.End.Value);
    }
}
