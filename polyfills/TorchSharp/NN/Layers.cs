using System.Collections;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules
{
    /// <summary>y = x Wᵀ + b, with W [outputSize, inputSize].</summary>
    public sealed class Linear : Module<Tensor, Tensor>
    {
        private Parameter _weight;
        private Parameter? _bias;

        internal Linear(long inputSize, long outputSize, bool hasBias, Device? device, ScalarType? dtype)
            : base(nameof(Linear))
        {
            in_features = inputSize;
            out_features = outputSize;
            _weight = new Parameter(empty(new[] { outputSize, inputSize }, dtype, device));
            register_parameter(nameof(weight), _weight);
            init.kaiming_uniform_(_weight, a: Math.Sqrt(5));
            if (hasBias)
            {
                double bound = 1 / Math.Sqrt(inputSize);
                _bias = new Parameter(empty(new[] { outputSize }, dtype, device));
                register_parameter(nameof(bias), _bias);
                init.uniform_(_bias, -bound, bound);
            }
        }

        public long in_features { get; }

        public long out_features { get; }

        public Parameter weight
        {
            get => _weight;
            set => register_parameter(nameof(weight), _weight = value);
        }

        public Parameter? bias
        {
            get => _bias;
            set => register_parameter(nameof(bias), _bias = value);
        }

        public override Tensor forward(Tensor tensor) => functional.linear(tensor, _weight, _bias);
    }

    /// <summary>Rows of a table by number.</summary>
    public sealed class Embedding : Module<Tensor, Tensor>
    {
        private readonly long? _paddingIndex;
        private Parameter _weight;

        internal Embedding(long count, long size, long? paddingIndex, Device? device, ScalarType? dtype)
            : base(nameof(Embedding))
        {
            _paddingIndex = paddingIndex;
            _weight = new Parameter(empty(new[] { count, size }, dtype, device));
            register_parameter(nameof(weight), _weight);
            init.normal_(_weight);
        }

        public Parameter weight
        {
            get => _weight;
            set => register_parameter(nameof(weight), _weight = value);
        }

        public override Tensor forward(Tensor input) => functional.embedding(input, _weight, _paddingIndex);
    }

    public sealed class Dropout : Module<Tensor, Tensor>
    {
        internal Dropout(double p, bool inplace)
            : base(nameof(Dropout))
        {
            this.p = p;
            this.inplace = inplace;
        }

        public double p { get; set; }

        public bool inplace { get; set; }

        public override Tensor forward(Tensor input) => functional.dropout(input, p, training, inplace);
    }

    /// <summary>Modules by position, registered under their number.</summary>
    public class ModuleList<T> : Module, IReadOnlyList<T> where T : Module
    {
        private readonly List<T> _items = [];

        public ModuleList(params T[] modules)
            : base(nameof(ModuleList<T>))
        {
            foreach (var module in modules)
            {
                Add(module);
            }
        }

        public int Count => _items.Count;

        public T this[int index]
        {
            get => _items[index];
            set => register_module(index.ToString(System.Globalization.CultureInfo.InvariantCulture), _items[index] = value);
        }

        public void Add(T item)
        {
            register_module(_items.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), item);
            _items.Add(item);
        }

        public void append(T module) => Add(module);

        public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, outputSize, hasBias, device, dtype);

            public static Modules.Embedding Embedding(
                long num_embeddings, long embedding_dims, long? padding_idx = null, double? max_norm = null, double norm_type = 2.0,
                bool scale_grad_by_freq = false, bool sparse = false, Device? device = null, ScalarType? dtype = null) =>
                max_norm is null && !scale_grad_by_freq && !sparse
                    ? new(num_embeddings, embedding_dims, padding_idx, device, dtype)
                    : throw new NotSupportedException("Embedding supports no max_norm, scale_grad_by_freq or sparse");

            public static Modules.Dropout Dropout(double p = 0.5, bool inplace = false) => new(p, inplace);

            public static Modules.ModuleList<T> ModuleList<T>(params T[] modules) where T : Module => new(modules);
        }
    }
}
