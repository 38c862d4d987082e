using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor T => numpy_T();

        public Tensor mT => transpose(-2, -1);

        public Tensor view(params long[] shape) => Aten.view.Call(this, shape);

        public Tensor view(ReadOnlySpan<long> shape) => view(shape.ToArray());

        public Tensor view(ScalarType dtype) => Aten.view_dtype.Call(this, dtype);

        public Tensor view_as(Tensor other) => Aten.view_as.Call(this, other);

        public Tensor reshape(params long[] shape) => Aten.reshape.Call(this, shape);

        public Tensor reshape(ReadOnlySpan<long> shape) => reshape(shape.ToArray());

        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Aten.flatten.Call(this, start_dim, end_dim);

        public Tensor unflatten(long dim, params long[] sizes) => Aten.unflatten.Call(this, dim, sizes);

        public Tensor transpose(long dim0, long dim1) => Aten.transpose.Call(this, dim0, dim1);

        public Tensor transpose_(long dim0, long dim1)
        {
            Aten.transpose_.Invoke(this, dim0, dim1);
            return this;
        }

        public Tensor swapaxes(long dim0, long dim1) => transpose(dim0, dim1);

        public Tensor swapdims(long dim0, long dim1) => transpose(dim0, dim1);

        public Tensor t() => Aten.t.Call(this);

        public Tensor permute(params long[] permutation) => Aten.permute.Call(this, permutation);

        public Tensor movedim(long[] source, long[] destination) => Aten.movedim.Call(this, source, destination);

        public Tensor squeeze(long? dim = null) => dim is { } given ? Aten.squeeze_dim.Call(this, given) : Aten.squeeze.Call(this);

        public Tensor squeeze_(long? dim = null)
        {
            if (dim is { } given)
            {
                Aten.squeeze__dim.Invoke(this, given);
            }
            else
            {
                Aten.squeeze_.Invoke(this);
            }

            return this;
        }

        public Tensor unsqueeze(long dim) => Aten.unsqueeze.Call(this, dim);

        public Tensor unsqueeze_(long dim)
        {
            Aten.unsqueeze_.Invoke(this, dim);
            return this;
        }

        public Tensor expand(long[] sizes, bool isImplicit = false) => Aten.expand.Call(this, sizes, isImplicit);

        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) => expand(sizes.ToArray(), isImplicit);

        public Tensor expand(params long[] sizes) => expand(sizes, false);

        public Tensor expand_as(Tensor other) => Aten.expand_as.Call(this, other);

        public Tensor broadcast_to(params long[] shape) => Aten.broadcast_to.Call(this, shape);

        public Tensor as_strided(long[] size, long[] strides, long storageOffset = 0L) => Aten.as_strided.Call(this, size, strides, storageOffset);

        public Tensor repeat(params long[] sizes) => Aten.repeat.Call(this, sizes);

        public Tensor tile(params long[] reps) => Aten.tile.Call(this, reps);

        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            Aten.repeat_interleave.Call(this, repeats, dim, output_size);

        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) =>
            Aten.repeat_interleave_Tensor.Call(this, repeats, dim, output_size);

        public Tensor flip(params long[] dims) => Aten.flip.Call(this, dims);

        public Tensor roll(long shifts, long dims) => roll([shifts], [dims]);

        public Tensor roll(long[] shifts, long[]? dims = null) => Aten.roll.Call(this, shifts, dims ?? []);

        public Tensor resize_(params long[] shape)
        {
            Aten.resize_.Invoke(this, shape);
            return this;
        }

        public Tensor unfold(long dimension, long size, long step) => Aten.unfold.Call(this, dimension, size, step);

        public Tensor[] split(long size, long dim = 0) => Aten.split.CallList(this, size, dim);

        public Tensor[] split(long[] sizes, long dim = 0) => Aten.split_with_sizes.CallList(this, sizes, dim);

        public Tensor[] chunk(long chunks, long dim = 0) => Aten.chunk.CallList(this, chunks, dim);

        public Tensor[] unbind(long dim = 0) => Aten.unbind.CallList(this, dim);

        public Tensor narrow(long dim, long start, long length) => Aten.narrow.Call(this, dim, start, length);

        public Tensor slice(long dim, long start, long finish, long step) => Aten.slice.Call(this, dim, start, finish, step);

        public Tensor select(long dim, long index) => Aten.select.Call(this, dim, index);

        public Tensor diagonal(long offset = 0L, long dim1 = 0L, long dim2 = 1L) => Aten.diagonal.Call(this, offset, dim1, dim2);

        public Tensor diag(long diagonal = 0) => Aten.diag.Call(this, diagonal);

        public Tensor tril(long diagonal = 0) => Aten.tril.Call(this, diagonal);

        public Tensor tril_(long diagonal = 0)
        {
            Aten.tril_.Invoke(this, diagonal);
            return this;
        }

        public Tensor triu(long diagonal = 0) => Aten.triu.Call(this, diagonal);

        public Tensor triu_(long diagonal = 0)
        {
            Aten.triu_.Invoke(this, diagonal);
            return this;
        }

        private Tensor numpy_T()
        {
            long rank = Dimensions;
            var order = new long[rank];
            for (long i = 0; i < rank; i++)
            {
                order[i] = rank - 1 - i;
            }

            return permute(order);
        }
    }
}
