//! What detr-mmap does to a picture before its model sees it, written anew around the crate that it uses, behind three C functions:
//! an RGB picture is resized by a convolution with the bilinear filter (antialiased; u8, the crate's SIMD), put into the middle of a
//! square of grey 114 and normalised to planar f32 with ImageNet's mean and deviation. Given every chance: nothing is allocated for
//! each picture, the compiler may use all that this processor has. Thread-bound. Failures end the process with a panic's message.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

const GREY: u8 = 114;
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

pub struct Preprocess {
    width: u32,
    height: u32,
    side: usize,
    resizer: Resizer,
    options: ResizeOptions,
    resized: Image<'static>,
    square: Vec<u8>,
}

#[no_mangle]
pub extern "C" fn preprocess_open(width: u32, height: u32, side: u32) -> *mut Preprocess {
    let scale = (side as f32 / width as f32).min(side as f32 / height as f32);
    let (content_width, content_height) = ((width as f32 * scale) as u32, (height as f32 * scale) as u32);
    Box::into_raw(Box::new(Preprocess {
        width,
        height,
        side: side as usize,
        resizer: Resizer::new(),
        options: ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)),
        resized: Image::new(content_width, content_height, PixelType::U8x3),
        square: vec![GREY; 3 * (side * side) as usize],
    }))
}

/// `rgb`: width * height * 3 bytes; `tensor`: 3 * side * side floats.
///
/// # Safety
/// Both must be as long as said.
#[no_mangle]
pub unsafe extern "C" fn preprocess_run(it: &mut Preprocess, rgb: *const u8, tensor: *mut f32) {
    let rgb = std::slice::from_raw_parts(rgb, 3 * it.width as usize * it.height as usize);
    let tensor = std::slice::from_raw_parts_mut(tensor, 3 * it.side * it.side);
    it.resize(rgb);
    it.letterbox();
    normalise(&it.square, tensor);
}

#[no_mangle]
pub extern "C" fn preprocess_close(it: *mut Preprocess) {
    // SAFETY: made by preprocess_open(), closed once.
    drop(unsafe { Box::from_raw(it) });
}

impl Preprocess {
    fn resize(&mut self, rgb: &[u8]) {
        let picture = ImageRef::new(self.width, self.height, rgb, PixelType::U8x3).unwrap();
        self.resizer.resize(&picture, &mut self.resized, &self.options).unwrap();
    }

    fn letterbox(&mut self) {
        let (row, rows) = (3 * self.resized.width() as usize, self.resized.height() as usize);
        let (left, top) = (3 * ((self.side - row / 3) / 2), (self.side - rows) / 2);
        self.square.fill(GREY);
        for (from, to) in self.resized.buffer().chunks_exact(row).zip(self.square.chunks_exact_mut(3 * self.side).skip(top)) {
            to[left..left + row].copy_from_slice(from);
        }
    }
}

fn normalise(square: &[u8], tensor: &mut [f32]) {
    let (red, rest) = tensor.split_at_mut(square.len() / 3);
    let (green, blue) = rest.split_at_mut(square.len() / 3);
    for (((pixel, r), g), b) in square.chunks_exact(3).zip(red).zip(green).zip(blue) {
        *r = (pixel[0] as f32 / 255.0 - MEAN[0]) / DEVIATION[0];
        *g = (pixel[1] as f32 / 255.0 - MEAN[1]) / DEVIATION[1];
        *b = (pixel[2] as f32 / 255.0 - MEAN[2]) / DEVIATION[2];
    }
}
