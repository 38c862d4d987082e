using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public long Dimensions => Facts.Dimensions;

        public long dim() => Dimensions;

        public long ndim => Dimensions;

        public long NumberOfElements => Facts.NumberOfElements;

        public long numel() => NumberOfElements;

        public long ElementSize => Facts.ElementSize;

        public long element_size() => ElementSize;

        public long nbytes => Facts is var facts ? facts.NumberOfElements * facts.ElementSize : 0;

        public long storage_offset() => Facts.StorageOffset;

        public ScalarType dtype
        {
            get
            {
                var type = (ScalarType)Shim.torchshim_tensor_dtype(Handle);
                GC.KeepAlive(this);
                return type;
            }
        }

        public Device device => Facts is var facts ? Device.Of((DeviceType)facts.DeviceType, facts.DeviceIndex) : CPU;

        public DeviceType device_type => (DeviceType)Facts.DeviceType;

        public int device_index => Facts.DeviceIndex;

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public bool is_sparse => Facts.Layout != 0;

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_complex() => torch.is_complex(dtype);

        public bool is_contiguous() => Facts.IsContiguous;

        public bool is_inference() => Facts.IsInference;

        public long[] shape => Sizes(strides: false);

        public long[] size() => shape;

        public long size(int dim)
        {
            Span<long> sizes = stackalloc long[MaxRank];
            int rank = SizesInto(sizes, strides: false);
            if (dim < -rank || dim >= rank)
            {
                throw new ArgumentOutOfRangeException(nameof(dim), dim, $"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {dim})");
            }

            return sizes[dim < 0 ? dim + rank : dim];
        }

        public long[] stride() => Sizes(strides: true);

        public long stride(int dim) => stride() is var strides ? strides[dim < 0 ? dim + strides.Length : dim] : 0;

        internal TensorFacts Facts
        {
            get
            {
                unsafe
                {
                    TensorFacts facts;
                    Shim.Check(Shim.torchshim_tensor_facts(Handle, &facts));
                    GC.KeepAlive(this);
                    return facts;
                }
            }
        }

        // More dimensions than any tensor here has; larger ranks take the slow path.
        private const int MaxRank = 32;

        private unsafe int SizesInto(Span<long> into, bool strides)
        {
            fixed (long* space = into)
            {
                int rank = Shim.torchshim_tensor_sizes(Handle, space, into.Length, strides ? 1 : 0);
                GC.KeepAlive(this);
                Shim.Check(rank);
                return rank;
            }
        }

        private long[] Sizes(bool strides)
        {
            Span<long> space = stackalloc long[MaxRank];
            int rank = SizesInto(space, strides);
            if (rank <= MaxRank)
            {
                return space[..rank].ToArray();
            }

            var sizes = new long[rank];
            SizesInto(sizes, strides);
            return sizes;
        }
    }
}
