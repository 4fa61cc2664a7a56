<?php
// Must-use plugin of the demo's site: its name, and featured images in their own colours, which the
// theme would darken by half.
add_filter('pre_option_blogname', fn () => 'Home Barista');
add_filter('pre_option_blogdescription', fn () => 'Better coffee at home');
add_action('wp_head', function () {
    echo '<style>.wp-block-post-featured-image__overlay { display: none }</style>';
});
