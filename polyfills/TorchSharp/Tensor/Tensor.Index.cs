using System.Runtime.CompilerServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => Put(value, i1);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => Pick(i1, i2);
            set => Put(value, i1, i2);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => Pick(i1, i2, i3);
            set => Put(value, i1, i2, i3);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => Pick(i1, i2, i3, i4);
            set => Put(value, i1, i2, i3, i4);
        }

        public Tensor index(params Tensor[] indices) => Aten.index.Call(this, indices);

        /// <summary>Indexing as in Python: numbers, slices, ellipsis, new axes and index tensors.</summary>
        public Tensor index(params TensorIndex[] indices)
        {
            var (view, gathered) = View(indices);
            if (gathered is null)
            {
                return ReferenceEquals(view, this) ? alias() : view;
            }

            var result = Aten.index.Call(view, gathered);
            Drop(view);
            return result;
        }

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, accumulate: false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            var (view, gathered) = View(indices);
            if (gathered is not null)
            {
                Aten.index_put_.Invoke(view, gathered, value, accumulate);
            }
            else if (accumulate)
            {
                view.add_(value);
            }
            else
            {
                view.copy_(value);
            }

            Drop(view);
            return this;
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var tensor = full([], value, dtype, device);
            return index_put_(tensor, indices, accumulate: false);
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, accumulate: false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false)
        {
            Aten.index_put_.Invoke(this, indices, value, accumulate);
            return this;
        }

        public Tensor index_select(long dim, Tensor index) => Aten.index_select.Call(this, dim, index);

        public Tensor index_copy(long dim, Tensor index, Tensor source) => Aten.index_copy.Call(this, dim, index, source);

        public Tensor index_copy_(long dim, Tensor index, Tensor source)
        {
            Aten.index_copy_.Invoke(this, dim, index, source);
            return this;
        }

        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => Aten.index_add.Call(this, dim, index, source, alpha);

        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha)
        {
            Aten.index_add_.Invoke(this, dim, index, source, alpha);
            return this;
        }

        public Tensor index_fill(long dim, Tensor index, Scalar value) => Aten.index_fill.Call(this, dim, index, value);

        public Tensor index_fill_(long dim, Tensor index, Scalar value)
        {
            Aten.index_fill_.Invoke(this, dim, index, value);
            return this;
        }

        public Tensor gather(long dim, Tensor index) => Aten.gather.Call(this, dim, index);

        public Tensor take_along_dim(Tensor indices, long dim) => Aten.take_along_dim.Call(this, indices, dim);

        public Tensor scatter(long dim, Tensor index, Tensor src) => Aten.scatter.Call(this, dim, index, src);

        public Tensor scatter(long dim, Tensor index, Scalar value) => Aten.scatter_value.Call(this, dim, index, value);

        public Tensor scatter_(long dim, Tensor index, Tensor src)
        {
            Aten.scatter_.Invoke(this, dim, index, src);
            return this;
        }

        public Tensor scatter_(long dim, Tensor index, Scalar value)
        {
            Aten.scatter__value.Invoke(this, dim, index, value);
            return this;
        }

        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Aten.scatter_add.Call(this, dim, index, src);

        public Tensor scatter_add_(long dim, Tensor index, Tensor src)
        {
            Aten.scatter_add_.Invoke(this, dim, index, src);
            return this;
        }

        public Tensor masked_fill(Tensor mask, Scalar value) => Aten.masked_fill.Call(this, mask, value);

        public Tensor masked_fill(Tensor mask, Tensor value) => Aten.masked_fill_Tensor.Call(this, mask, value);

        public Tensor masked_fill_(Tensor mask, Scalar value)
        {
            Aten.masked_fill_.Invoke(this, mask, value);
            return this;
        }

        public Tensor masked_fill_(Tensor mask, Tensor value)
        {
            Aten.masked_fill__Tensor.Invoke(this, mask, value);
            return this;
        }

        public Tensor masked_select(Tensor mask) => Aten.masked_select.Call(this, mask);

        public Tensor masked_scatter(Tensor mask, Tensor value) => Aten.masked_scatter.Call(this, mask, value);

        public Tensor masked_scatter_(Tensor mask, Tensor value)
        {
            Aten.masked_scatter_.Invoke(this, mask, value);
            return this;
        }

        public Tensor where(Tensor condition, Tensor y) => torch.where(condition, this, y);

        public Tensor nonzero() => Aten.nonzero.Call(this);

        public IList<Tensor> nonzero_as_list() => torch.where(this);

        public Tensor argwhere() => Aten.argwhere.Call(this);

        /// <summary>Applies what needs no gathering (numbers, slices, new axes); the index tensors are left, by dimension of the view.</summary>
        private (Tensor View, Tensor?[]? Gathered) View(TensorIndex[] indices)
        {
            long rank = Dimensions;
            long named = 0;
            foreach (var index in indices)
            {
                named += index.Consumes;
            }

            if (named > rank)
            {
                throw new ArgumentException($"too many indices for tensor of dimension {rank}");
            }

            var view = this;
            long dim = 0;
            List<Tensor?>? gathered = null;
            foreach (var index in indices)
            {
                switch (index.Kind)
                {
                    case IndexKind.Ellipsis:
                        dim += rank - named;
                        break;
                    case IndexKind.Null:
                        view = Next(view, view.unsqueeze(dim++));
                        break;
                    case IndexKind.Bool:
                        view = Next(view, view.unsqueeze(dim));
                        AddGathered(ref gathered, dim++, torch.tensor(new[] { index.StartOrValue != 0 }, [1], device: device));
                        break;
                    case IndexKind.Single:
                        view = Next(view, view.select(dim, index.StartOrValue!.Value));
                        break;
                    case IndexKind.Slice:
                        if (index.StartOrValue is not null || index.Stop is not null || index.Step is not null)
                        {
                            view = Next(view, Aten.slice.Call(view, dim, index.StartOrValue, index.Stop, index.Step ?? 1));
                        }

                        dim++;
                        break;
                    default:
                        AddGathered(ref gathered, dim, index.Gathered!);
                        dim += index.Consumes;
                        break;
                }
            }

            return (view, gathered?.ToArray());
        }

        private Tensor Pick(params ReadOnlySpan<long> indices)
        {
            var view = this;
            foreach (long index in indices)
            {
                view = Next(view, view.select(0, index));
            }

            return view;
        }

        private void Put(Tensor value, params ReadOnlySpan<long> indices)
        {
            using var view = Pick(indices);
            view.copy_(value);
        }

        private Tensor Next(Tensor view, Tensor next)
        {
            Drop(view);
            return next;
        }

        /// <summary>Disposes a view made on the way.</summary>
        private void Drop(Tensor view)
        {
            if (!ReferenceEquals(view, this))
            {
                view.Dispose();
            }
        }

        private static void AddGathered(ref List<Tensor?>? gathered, long dim, Tensor index)
        {
            gathered ??= [];
            while (gathered.Count < dim)
            {
                gathered.Add(null);
            }

            gathered.Add(index);
        }
    }
}
