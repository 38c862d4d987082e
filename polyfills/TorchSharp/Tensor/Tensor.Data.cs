using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Interop;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The elements of a CPU tensor, of whatever strides, as values of its dtype's type.</summary>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            CheckReadable();
            ValidateType(typeof(T));
            return new TensorAccessor<T>(this);
        }

        /// <summary>The only element of the tensor, wherever it lies.</summary>
        public T item<T>() where T : unmanaged
        {
            if (NumberOfElements != 1)
            {
                throw new ArgumentException("Number of elements in the tensor must be 1");
            }

            ValidateType(typeof(T));
            var value = Aten.local_scalar_dense.CallScalar(this);
            return Type.GetTypeCode(typeof(T)) switch
            {
                TypeCode.Single => As<float, T>((float)value.AsDouble),
                TypeCode.Double => As<double, T>(value.AsDouble),
                TypeCode.Int64 => As<long, T>(value.AsLong),
                TypeCode.Int32 => As<int, T>((int)value.AsLong),
                TypeCode.Int16 => As<short, T>((short)value.AsLong),
                TypeCode.SByte => As<sbyte, T>((sbyte)value.AsLong),
                TypeCode.Byte => As<byte, T>((byte)value.AsLong),
                TypeCode.Boolean => As<bool, T>(value.AsLong != 0),
                _ when typeof(T) == typeof(Half) => As<Half, T>((Half)value.AsDouble),
                _ => As<BFloat16, T>(new BFloat16((float)value.AsDouble)),
            };
        }

        /// <summary>The memory of a contiguous CPU tensor.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                var facts = Facts;
                long length = facts.NumberOfElements * facts.ElementSize;
                if (!facts.IsContiguous)
                {
                    throw new NotImplementedException("Bytes() called on non-contiguous tensor.");
                }

                if (length > int.MaxValue)
                {
                    throw new ArgumentException("Span only supports up to int.MaxValue elements.");
                }

                CheckReadable();
                return new Span<byte>(DataPointer, (int)length);
            }

            set
            {
                var into = bytes;
                if (into.Length != value.Length)
                {
                    throw new ArgumentException("Mismatched data sizes in SetBytes().");
                }

                value.CopyTo(into);
                GC.KeepAlive(this);
            }
        }

        /// <summary>The address of the first element; null for an empty tensor.</summary>
        internal unsafe void* DataPointer
        {
            get
            {
                void* pointer = Shim.torchshim_tensor_data(Handle);
                if (pointer is null && NumberOfElements > 0)
                {
                    Shim.Throw();
                }

                GC.KeepAlive(this);
                return pointer;
            }
        }

        public bool is_pinned() => is_cpu() && torch.cuda.is_available() && Aten.is_pinned.CallBool(this);

        public Tensor pin_memory() => Aten.pin_memory.Call(this);

        internal void ValidateType(Type type)
        {
            if (ManagedType(dtype) != type)
            {
                throw new ArgumentException($"{type.Name} is not compatible with {dtype}");
            }
        }

        private void CheckReadable()
        {
            if (!is_cpu())
            {
                throw new InvalidOperationException(
                    "Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
            }
        }

        private static TTo As<TFrom, TTo>(TFrom value) where TFrom : unmanaged where TTo : unmanaged => Unsafe.As<TFrom, TTo>(ref value);
    }

    internal static Type? ManagedType(ScalarType type) => type switch
    {
        ScalarType.Byte => typeof(byte),
        ScalarType.Int8 => typeof(sbyte),
        ScalarType.Int16 => typeof(short),
        ScalarType.Int32 => typeof(int),
        ScalarType.Int64 => typeof(long),
        ScalarType.Float16 => typeof(Half),
        ScalarType.Float32 => typeof(float),
        ScalarType.Float64 => typeof(double),
        ScalarType.Bool => typeof(bool),
        ScalarType.BFloat16 => typeof(BFloat16),
        _ => null,
    };
}
